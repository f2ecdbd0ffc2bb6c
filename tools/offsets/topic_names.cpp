#include "tools/offsets/topic_names.hpp"

#include <map>
#include <utility>

#include "actors/dlq/dead_letter_record.hpp"
#include "config/output_topic.hpp"

namespace streamer::tools {

configured_topics topics_of(const settings& config) {
  std::map<std::string, std::set<std::string>> uses;
  configured_topics found;
  for (const auto& topic : config.consumer.topics) {
    if (topic.starts_with('^')) {
      found.patterns.push_back(topic);
      continue;
    }
    uses[topic].insert("input");
    uses[dlq_topic_for(config.dlq.topic, topic)].insert("dlq");
  }
  uses[config.producer.events_topic].insert("events");
  for (const auto& handler : config.handlers) {
    if (const auto to = output_topic(handler)) uses[*to].insert(handler.kind);
  }
  for (auto& [name, roles] : uses)
    found.topics.push_back({name, std::move(roles)});
  return found;
}

} // namespace streamer::tools
