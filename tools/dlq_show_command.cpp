#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/logging/format.hpp"
#include "tools/command_tree.hpp"
#include "tools/dlq/bytes_view.hpp"
#include "tools/dlq/dead_letter.hpp"
#include "tools/dlq_topics.hpp"
#include "tools/stop_signal.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t shown_value_bytes = 64 * 1024;

struct show_options {
  std::string position;
  bool json = false;
};

/// `P:O` taken apart.
std::optional<std::pair<std::int32_t, std::int64_t>> parse_position(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto partition = parse_number(std::string_view{text}.substr(0, colon));
  const auto offset = parse_number(std::string_view{text}.substr(colon + 1));
  if (!partition || !offset || *partition > INT32_MAX) return std::nullopt;
  return std::pair{static_cast<std::int32_t>(*partition), *offset};
}

void show_json(const dead_letter& letter, const record_ref& record) {
  auto headers = nlohmann::json::array();
  for (const auto& header : record.headers()) {
    headers.push_back(
        {{"name", json_bytes(bytes_ref{header.name})}, {"value", json_bytes(header.value)}});
  }
  const nlohmann::json page{{"topic", letter.at.topic},
                            {"partition", letter.at.partition.value()},
                            {"offset", letter.offset.value()},
                            {"timestamp_ms", letter.timestamp_ms},
                            {"key", json_bytes(record.get().key)},
                            {"headers", std::move(headers)},
                            {"value", json_bytes(record.get().value)}};
  std::puts(page.dump(-1, ' ', true).c_str());
}

void show_text(const dead_letter& letter, const record_ref& record, const terminal& out) {
  const auto line = [&](const std::string& text) {
    std::fputs(wrapped(text, out.width, 4).c_str(), stdout);
  };
  const auto fact = [&](const char* name, const std::string& value) {
    if (!value.empty()) line(std::string{name} + ": " + escape_text(value));
  };
  fact("dead letter", to_string(letter.at) + "@" + std::to_string(letter.offset.value()));
  fact("source", source_of(letter));
  fact("time", letter.timestamp_ms < 0 ? "" : format_rfc3339(letter.timestamp_ms));
  fact("reason", letter.reason);
  fact("dialect", letter.dialect ? std::string{to_string(*letter.dialect)} : "");
  fact("tenant", letter.tenant);
  fact("error", letter.message);
  line("key: " + shown_inline(record.get().key));
  line("headers:");
  for (const auto& header : record.headers()) {
    line("  " + escape_text(header.name) + ": " + shown_inline(header.value));
  }
  line("value (" + grouped(static_cast<std::int64_t>(record.get().value.size())) + " bytes):");
  std::fputs(shown_bytes(record.get().value, shown_value_bytes).c_str(), stdout);
}

/// The one record, or a line that says what is there instead.
result<record_ref> fetch(topic_reader& reader, admin_client& admin, const topic_partition& tp,
                         offset_id offset, const stop_signal& stop) {
  using answer = result<record_ref>;
  const auto ranges = whole_topic(admin, tp.topic);
  if (!ranges) return answer::failure(ranges.error());
  const auto missing =
      "there is no record at offset " + std::to_string(offset.value()) + " of " + to_string(tp);
  for (const auto& range : ranges.value()) {
    if (range.tp != tp) continue;
    if (offset < range.from || offset >= range.to) {
      return answer::failure(missing + ", which holds " + std::to_string(range.from.value()) +
                             " to " + std::to_string(range.to.value() - 1));
    }
    record_ref found;
    read_limits limits;
    limits.cancelled = [&] { return stop.requested(); };
    const std::array one{read_range{tp, offset, range.to}};
    const auto read = reader.read(one, limits, [&](const auto& stored) {
      found = {stored, 0};
      return read_next::stop;
    });
    if (!read) return answer::failure(read.error());
    if (found.batch == nullptr && read.value().finished.empty()) {
      return answer::failure("the brokers sent no record of " + to_string(tp));
    }
    if (found.batch == nullptr || found.get().offset != offset) return answer::failure(missing);
    return found;
  }
  return answer::failure(missing + ", which is empty or does not exist");
}

int run(const command_context& context, const show_options& options) {
  const auto position = parse_position(options.position);
  if (!position) {
    return fail(exit_usage, "'" + options.position +
                                "' is no position; use PARTITION:OFFSET as dlq ls shows it");
  }
  auto admin = admin_client::open(context.values(), context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  auto reader = topic_reader::open(context.values(), context.quiet_log);
  if (!reader) return fail(exit_usage, reader.error());
  const auto topics = existing_dlq_topics(*admin.value(), context.values());
  if (!topics) return fail(exit_failed, topics.error());
  if (topics.value().size() > 1) {
    return fail(exit_usage, "there are " + std::to_string(topics.value().size()) +
                                " DLQ topics; choose one by its source with --topic");
  }
  const topic_partition tp{topics.value().front(), partition_id{position->first}};
  const stop_signal stop;
  const auto found = fetch(*reader.value(), *admin.value(), tp, offset_id{position->second}, stop);
  if (!found) return fail(exit_failed, found.error());
  const auto letter = read_dead_letter(found.value());
  if (options.json) {
    show_json(letter, found.value());
  } else {
    show_text(letter, found.value(), context.out);
  }
  return exit_done;
}

} // namespace

void add_dlq_show(command_tree& tree, CLI::App& dlq) {
  const auto options = std::make_shared<show_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(dlq, "show", "Show one dead letter with headers and value", what);
  app.add_option("position", options->position, "Partition and offset")
      ->type_name("P:O")
      ->required();
  app.add_flag("--json", options->json, "One JSON object");
}

} // namespace streamer::tools
