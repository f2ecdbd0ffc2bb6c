#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The redrive lane: the topic `{topic}.redrive.{group}`, through which only this group processes
/// dead letters of a topic again. Names and nothing else; the first redrive creates it.
namespace streamer {

/// Name of the group's lane of a topic. Whether it can be a topic's name depends on the group's.
[[nodiscard]] std::string lane_topic_of(std::string_view topic, std::string_view group);

/// The topic that a lane of this group serves; absent if the name is not that of such a lane.
[[nodiscard]] std::optional<std::string> lane_source(std::string_view name, std::string_view group);

/// Whether a subscription's pattern has caught another group's lane of a topic that is an input
/// here: `input` tells whether a name is. What `topics` names literally is never one.
template <class IsInput>
[[nodiscard]] bool is_foreign_lane(std::string_view name, std::string_view group,
                                   const std::vector<std::string>& topics, IsInput input) {
  constexpr std::string_view infix = ".redrive.";
  for (const auto& topic : topics) {
    if (topic == name) {
      return false;
    }
  }
  for (auto at = name.find(infix, 1); at != name.npos; at = name.find(infix, at + 1)) {
    const auto of = name.substr(at + infix.size());
    if (!of.empty() && of != group && input(name.substr(0, at))) {
      return true;
    }
  }
  return false;
}

/// How lanes are subscribed to beside `consumer.topics`.
enum class lane_naming : std::uint8_t {
  by_name,
  /// As patterns: under KIP-848 a broker refuses a member that names a topic which it may not see,
  /// whereas a pattern just does not find it.
  by_pattern,
};

/// What to subscribe to so that the group's lanes of `topics` are read too: the lane of each name;
/// all lanes of the group where a topic is a pattern. Empty if the group's name cannot be part of a
/// topic's.
[[nodiscard]] std::vector<std::string> lane_subscriptions(const std::vector<std::string>& topics,
                                                          std::string_view group,
                                                          lane_naming naming);

} // namespace streamer
