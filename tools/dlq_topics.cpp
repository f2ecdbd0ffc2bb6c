#include "tools/dlq_topics.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>

#include "actors/dlq/dead_letter_record.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"

namespace streamer::tools {
namespace {

std::optional<std::int64_t> since_of(const std::string& text) {
  if (const auto ms = parse_rfc3339(text)) return ms;
  const auto age = parse_age(text);
  if (!age) return std::nullopt;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - *age).count();
}

} // namespace

void add_choice_flags(CLI::App& app, letter_choice& choice) {
  auto& filter = choice.filter;
  app.add_option("--tenant", filter.tenant, "Of this tenant")->type_name("ID");
  app.add_option("--reason", filter.reason, "With this reason")->type_name("REASON");
  app.add_option("--error", filter.error, "Message or exception contains this")->type_name("TEXT");
  app.add_option("--key", filter.key, "With this key")->type_name("KEY");
  app.add_option("--since", choice.since, "RFC 3339, or an age: 30m, 2h, 7d")->type_name("TIME");
  app.add_flag("--all", choice.all, "Resolved ones too");
}

std::optional<std::string> settle_choice(letter_choice& choice) {
  if (!choice.since) return std::nullopt;
  choice.filter.since_ms = since_of(*choice.since);
  if (choice.filter.since_ms) return std::nullopt;
  return "--since '" + *choice.since + "' is no time; use RFC 3339 or an age such as 30m, 2h, 7d";
}

result<std::vector<std::string>> existing_dlq_topics(admin_client& admin, const settings& config) {
  using answer = result<std::vector<std::string>>;
  const auto topics = admin.topics();
  if (!topics) return answer::failure(topics.error());
  std::set<std::string> existing;
  for (const auto& topic : topics.value())
    existing.insert(topic.name);
  std::set<std::string> wanted;
  for (const auto& source : config.consumer.topics) {
    if (!source.starts_with('^')) {
      wanted.insert(dlq_topic_for(config.dlq.topic, source));
      continue;
    }
    for (const auto& name : existing) {
      if (pattern_takes(source, name)) wanted.insert(dlq_topic_for(config.dlq.topic, name));
    }
  }
  std::vector<std::string> found;
  std::ranges::set_intersection(wanted, existing, std::back_inserter(found));
  if (!found.empty()) return found;
  const auto name = wanted.empty() ? config.dlq.topic : *wanted.begin();
  return answer::failure("there is no DLQ topic '" + name +
                         "'; create it with: streamer topics create");
}

result<std::vector<dlq_part>> parts_of_topic(admin_client& admin, const resolved_store& store,
                                             const std::string& topic, bool all) {
  using answer = result<std::vector<dlq_part>>;
  auto ranges = whole_topic(admin, topic);
  if (!ranges) return answer::failure(ranges.error());
  std::vector<dlq_part> parts;
  for (auto& range : ranges.value()) {
    dlq_part part{range, store.of(range.tp)};
    // What is before the log's start is gone.
    part.resolved.add(offset_id{0}, offset_id{range.from.value() - 1});
    if (!all) part.range.from = part.resolved.base();
    if (part.range.from < part.range.to) parts.push_back(std::move(part));
  }
  return parts;
}

std::optional<std::string> scan_part(topic_reader& reader, dlq_part& part,
                                     const letter_choice& choice, const stop_signal& stop,
                                     const letter_fn& on_letter) {
  read_limits limits;
  limits.cancelled = [&] { return stop.requested(); };
  const std::array one{part.range};
  auto next = part.range.from;
  const auto nothing_until = [&](offset_id end) {
    part.resolved.add(next, offset_id{end.value() - 1});
  };
  const auto read = reader.read(one, limits, [&](const auto& stored) {
    const record_ref record{stored, 0};
    const auto at = record.get().offset;
    nothing_until(at);
    next = at.next();
    if (!choice.all && part.resolved.contains(at)) return read_next::go_on;
    const auto letter = read_dead_letter(record);
    return choice.filter.takes(letter, record) ? on_letter(record, letter) : read_next::go_on;
  });
  if (!read) return read.error();
  if (read.value().stopped) return std::nullopt;
  if (!read.value().unfinished.empty()) {
    return "the brokers sent no more records of " + to_string(part.range.tp);
  }
  nothing_until(part.range.to);
  return std::nullopt;
}

} // namespace streamer::tools
