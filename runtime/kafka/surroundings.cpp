#include "runtime/kafka/surroundings.hpp"

#include "actors/consumer/redrive_lane.hpp"
#include "runtime/kafka/memory_split.hpp"

#include <algorithm>
#include <utility>

namespace streamer {
namespace {

// The names of consumer.topics, and of what its patterns take.
result<std::vector<std::string>> input_names(const settings& config, admin_client& cluster,
                                             std::vector<std::string>& without_topic) {
  std::vector<std::string> names;
  std::vector<std::string> patterns;
  for (const auto& topic : config.consumer.topics) {
    (topic.starts_with('^') ? patterns : names).push_back(topic);
  }
  if (patterns.empty()) {
    return names;
  }
  const auto all = cluster.topics();
  if (!all) {
    return result<std::vector<std::string>>::failure(all.error());
  }
  for (const auto& pattern : patterns) {
    bool any = false;
    for (const auto& topic : all.value()) {
      // Its own lanes are looked at with their inputs.
      if (pattern_takes(pattern, topic.name) &&
          !lane_source(topic.name, config.consumer.group_id)) {
        any = true;
        names.push_back(topic.name);
      }
    }
    if (!any) {
      without_topic.push_back(pattern);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

} // namespace

size_limits sizes_for(const settings& config) {
  const auto memory = split_memory(config.consumer.memory_budget_mib);
  return {memory.response_bytes, memory.outbound_bytes / 10 * 9};
}

cluster_facts ask_cluster(const settings& config, admin_client& cluster, coordinator group) {
  cluster_facts facts;
  auto broker = cluster.broker();
  if (!broker) {
    facts.unreachable = broker.error();
    facts.refused = cluster.refusal();
    return facts;
  }
  facts.brokers = broker.value().brokers;
  facts.broker_ids = std::move(broker.value().ids);
  facts.broker = std::move(broker.value().config);
  const auto inputs = input_names(config, cluster, facts.patterns_without_topic);
  if (!inputs) {
    facts.unreachable = inputs.error();
    return facts;
  }
  auto written = topics_written(config, inputs.value());
  auto names = inputs.value();
  for (const auto* more : {&written.dlqs, &written.targets, &written.lanes}) {
    names.insert(names.end(), more->begin(), more->end());
  }
  names.push_back(written.suspects);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  auto topics = cluster.topic_facts_of(names);
  if (!topics) {
    facts.unreachable = topics.error();
    return facts;
  }
  facts.others = std::move(topics).value();
  for (const auto& name : inputs.value()) {
    if (const auto found = facts.others.find(name); found != facts.others.end()) {
      facts.inputs.push_back(found->second);
    }
  }
  if (group == coordinator::left_alone) {
    return facts;
  }
  // librdkafka ends the process where the group's coordinator is a broker that has gone (its issue
  // 4605, open in 2.14).
  facts.group_unasked = !brokers_down(facts).empty();
  if (facts.group_unasked) {
    return facts;
  }
  auto rights = cluster.group_rights(config.consumer.group_id);
  if (rights) {
    facts.group_rights = std::move(rights).value();
  } else {
    facts.group_error = rights.error();
  }
  return facts;
}

} // namespace streamer
