#include "runtime/logging/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "runtime/logging/format.hpp"

namespace streamer {
namespace {

struct level_row {
  log_level level;
  std::string_view name;
  spdlog::level::level_enum native;
};

constexpr std::array<level_row, 7> levels{
    {{log_level::trace, "trace", spdlog::level::trace},
     {log_level::debug, "debug", spdlog::level::debug},
     {log_level::info, "info", spdlog::level::info},
     {log_level::warn, "warn", spdlog::level::warn},
     {log_level::error, "error", spdlog::level::err},
     {log_level::critical, "critical", spdlog::level::critical},
     {log_level::off, "off", spdlog::level::off}}};

const level_row& row_of(log_level level) noexcept {
  return levels.at(std::min<std::size_t>(static_cast<std::size_t>(level), levels.size() - 1));
}

/// Hands finished lines to an injected function, one at a time.
class function_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit function_sink(log_sink target) : target_{std::move(target)} {}

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    const auto same = [&msg](const level_row& row) { return row.native == msg.level; };
    const auto* row = std::find_if(levels.begin(), levels.end(), same);
    target_(row->level, {msg.payload.data(), msg.payload.size()});
  }
  void flush_() override {}

 private:
  log_sink target_;
};

spdlog::sink_ptr make_sink(log_sink sink) {
  if (sink) {
    return std::make_shared<function_sink>(std::move(sink));
  }
  auto to_stderr = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  to_stderr->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
  return to_stderr;
}

/// Formats here and lets spdlog write. The spdlog logger lets every level pass: the threshold is
/// the atomic that handles look at.
class spdlog_core final : public detail::log_core {
 public:
  spdlog_core(const log_options& options, log_sink sink)
      : log_core{options.level},
        json_{options.json},
        output_{"streamer", make_sink(std::move(sink))} {
    output_.set_level(spdlog::level::trace);
    // spdlog would write the exception's text to stderr, between the lines and unescaped.
    output_.set_error_handler([](const std::string&) {});
  }

  void write(log_level entry_level, std::string_view component, std::string_view event,
             std::string_view message, std::span<const log_field> fields) noexcept override {
    try {
      const log_entry entry{
          std::chrono::system_clock::now(), entry_level, component, event, message, fields};
      const auto line = json_ ? format_json(entry) : format_text(entry);
      output_.log(row_of(entry_level).native, spdlog::string_view_t{line.data(), line.size()});
    } catch (const std::exception&) {
      // Only memory can run out here, and a caller on a data path must not fail for a log line.
      return;
    }
  }

 private:
  bool json_;
  spdlog::logger output_;
};

log_level from_syslog(int level) noexcept {
  if (level <= 2) {
    return log_level::critical;
  }
  constexpr std::array<log_level, 5> from_error{log_level::error, log_level::warn, log_level::info,
                                                log_level::info, log_level::debug};
  const auto index = static_cast<std::size_t>(level) - 3;
  return index < from_error.size() ? from_error.at(index) : log_level::trace;
}

} // namespace

std::string_view to_string(log_level level) noexcept { return row_of(level).name; }

std::optional<log_level> parse_log_level(std::string_view name) noexcept {
  if (name == "warning") {
    return log_level::warn;
  }
  const auto same = [name](const level_row& row) { return row.name == name; };
  const auto* row = std::find_if(levels.begin(), levels.end(), same);
  return row == levels.end() ? std::nullopt : std::optional{row->level};
}

log_handle::log_handle(std::shared_ptr<detail::log_core> core, std::string_view component)
    : core_{std::move(core)}, component_{std::make_shared<const std::string>(component)} {}

log_handle log_handle::with(std::string_view component) const { return {core_, component}; }

logger::logger(const log_options& options, log_sink sink)
    : core_{std::make_shared<spdlog_core>(options, std::move(sink))} {}

log_handle logger::with(std::string_view component) const { return {core_, component}; }

void logger::set_level(log_level level) noexcept {
  core_->level.store(level, std::memory_order_relaxed);
}

void log_syslog(const log_handle& log, int syslog_level, std::string_view event,
                std::string_view facility, std::string_view text) noexcept {
  const std::array<log_field, 1> fields{{{"facility", facility}}};
  log.write(from_syslog(syslog_level), event, text, fields);
}

} // namespace streamer
