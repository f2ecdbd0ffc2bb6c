#include "tools/dlq_topics.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "actors/dlq/dead_letter_record.hpp"

namespace streamer::tools {
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

result<std::vector<read_range>> unresolved_ranges(admin_client& admin, const settings& config,
                                                  const std::string& topic, bool all) {
  auto ranges = whole_topic(admin, topic);
  if (!ranges || all) return ranges;
  const auto resolved = admin.committed(config.consumer.group_id + ".dlq");
  if (!resolved) return result<std::vector<read_range>>::failure(resolved.error());
  for (auto& range : ranges.value()) {
    const auto found = resolved.value().find(range.tp);
    if (found != resolved.value().end()) range.from = std::max(range.from, found->second.offset);
  }
  std::erase_if(ranges.value(), [](const read_range& range) { return range.from >= range.to; });
  return ranges;
}

} // namespace streamer::tools
