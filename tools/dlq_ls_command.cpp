#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/logging/utf8.hpp"
#include "tools/command_tree.hpp"
#include "tools/dlq/dead_letter.hpp"
#include "tools/dlq_topics.hpp"
#include "tools/stop_signal.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

struct ls_options {
  dlq_filter filter;
  std::optional<std::string> since;
  bool all = false;
  bool json = false;
};

// A table is laid out over this many rows, so that memory stays bounded however many there are.
constexpr std::size_t page_rows = 200;

std::optional<std::int64_t> since_of(const std::string& text) {
  if (const auto ms = parse_rfc3339(text)) return ms;
  const auto age = parse_age(text);
  if (!age) return std::nullopt;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - *age).count();
}

/// Writes dead letters as they come.
class listing {
 public:
  listing(bool json, std::size_t width) : json_{json}, width_{width} {
    if (json_) std::fputs("[", stdout);
  }

  void begin_topic(const std::string& topic) {
    flush();
    topic_ = topic;
    titled_ = false;
  }

  void add(const dead_letter& letter) {
    ++count_;
    if (json_) {
      std::printf("%s\n%s", count_ == 1 ? "" : ",", as_json(letter).dump(-1, ' ', true).c_str());
      return;
    }
    rows_.push_back(letter);
    if (rows_.size() == page_rows) flush();
  }

  void end() {
    flush();
    if (json_) {
      std::fputs(count_ == 0 ? "]\n" : "\n]\n", stdout);
    } else {
      std::printf("%s dead letter%s\n", grouped(static_cast<std::int64_t>(count_)).c_str(),
                  count_ == 1 ? "" : "s");
    }
  }

 private:
  static nlohmann::json as_json(const dead_letter& letter) {
    const auto text = [](const std::string& value) {
      return value.empty() ? nlohmann::json() : nlohmann::json(replace_invalid_utf8(value));
    };
    const auto number = [](const auto& value) {
      return value ? nlohmann::json(*value) : nlohmann::json();
    };
    return {{"topic", letter.at.topic},
            {"partition", letter.at.partition.value()},
            {"offset", letter.offset.value()},
            {"timestamp_ms", letter.timestamp_ms},
            {"reason", text(letter.reason)},
            {"tenant", text(letter.tenant)},
            {"source_topic", text(letter.source_topic)},
            {"source_partition", number(letter.source_partition)},
            {"source_offset", number(letter.source_offset)},
            {"group", text(letter.group)},
            {"attempts", number(letter.attempts)},
            {"message", text(letter.message)},
            {"exception", text(letter.exception)},
            {"first_failed_at", text(letter.first_failed_at)},
            {"redrive_count", letter.redrive_count}};
  }

  void flush() {
    if (rows_.empty()) return;
    if (!titled_) std::printf("%s\n", topic_.c_str());
    titled_ = true;
    table out{{{"at"}, {"time"}, {"reason"}, {"tenant", false, true}, {"error", false, true}}};
    for (const auto& letter : rows_) {
      out.add({std::to_string(letter.at.partition.value()) + ":" +
                   std::to_string(letter.offset.value()),
               letter.timestamp_ms < 0 ? "-" : format_rfc3339(letter.timestamp_ms).substr(5, 14),
               letter.reason, letter.tenant,
               letter.message.empty() ? letter.exception : letter.message});
    }
    std::fputs(out.render(width_).c_str(), stdout);
    rows_.clear();
  }

  bool json_;
  std::size_t width_;
  std::string topic_;
  bool titled_ = false;
  std::vector<dead_letter> rows_;
  std::uint64_t count_ = 0;
};

int run(const command_context& context, ls_options options) {
  if (options.since) {
    options.filter.since_ms = since_of(*options.since);
    if (!options.filter.since_ms) {
      return fail(exit_usage, "--since '" + *options.since +
                                  "' is no time; use RFC 3339 or an age such as 30m, 2h, 7d");
    }
  }
  auto admin = admin_client::open(context.values(), context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  auto reader = topic_reader::open(context.values(), context.quiet_log);
  if (!reader) return fail(exit_usage, reader.error());
  const auto topics = existing_dlq_topics(*admin.value(), context.values());
  if (!topics) return fail(exit_failed, topics.error());

  const stop_signal stop;
  read_limits limits;
  limits.cancelled = [&] { return stop.requested(); };
  listing out{options.json, context.out.width};
  std::string problem;
  for (const auto& topic : topics.value()) {
    out.begin_topic(topic);
    const auto ranges = unresolved_ranges(*admin.value(), context.values(), topic, options.all);
    if (!ranges) problem = ranges.error();
    for (std::size_t i = 0; problem.empty() && i < ranges.value().size(); ++i) {
      // One after the other, so that the list is in order.
      const std::array one{ranges.value()[i]};
      const auto read = reader.value()->read(one, limits, [&](const auto& stored) {
        const record_ref record{stored, 0};
        const auto letter = read_dead_letter(record);
        if (options.filter.takes(letter, record)) out.add(letter);
        return read_next::go_on;
      });
      if (!read) {
        problem = read.error();
      } else if (!read.value().unfinished.empty() && !read.value().stopped) {
        problem = "the brokers sent no more records of " + to_string(one[0].tp);
      }
      if (stop.requested()) break;
    }
    if (stop.requested() || !problem.empty()) break;
  }
  out.end();
  if (!problem.empty()) return fail(exit_failed, problem + "; the list is not complete");
  return stop.requested() ? fail(exit_failed, "stopped; the list is not complete") : exit_done;
}

} // namespace

void add_dlq_ls(command_tree& tree, CLI::App& dlq) {
  const auto options = std::make_shared<ls_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(dlq, "ls", "List dead letters, by partition and offset", what);
  app.add_option("--tenant", options->filter.tenant, "Of this tenant")->type_name("ID");
  app.add_option("--reason", options->filter.reason, "With this reason")->type_name("REASON");
  app.add_option("--error", options->filter.error, "Message or exception contains this")
      ->type_name("TEXT");
  app.add_option("--key", options->filter.key, "With this key")->type_name("KEY");
  app.add_option("--since", options->since, "RFC 3339, or an age: 30m, 2h, 7d")->type_name("TIME");
  app.add_flag("--all", options->all, "Resolved ones too");
  app.add_flag("--json", options->json, "One JSON array");
}

} // namespace streamer::tools
