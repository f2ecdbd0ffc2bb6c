#include "actors/consumer/redrive_lane.hpp"

#include "config/bounds.hpp"

#include <algorithm>

namespace streamer {
namespace {

constexpr std::string_view infix = ".redrive.";

// A topic's name has one character that means something in a regular expression: the dot.
std::string escaped(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    pattern += c == '.' ? std::string{"\\."} : std::string{c};
  }
  return pattern;
}

} // namespace

std::string lane_topic_of(std::string_view topic, std::string_view group) {
  return std::string{topic} + std::string{infix} + std::string{group};
}

std::optional<std::string> lane_source(std::string_view name, std::string_view group) {
  const auto suffix = std::string{infix} + std::string{group};
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) {
    return std::nullopt;
  }
  return std::string{name.substr(0, name.size() - suffix.size())};
}

std::vector<std::string> lane_subscriptions(const std::vector<std::string>& topics,
                                            std::string_view group, lane_naming naming) {
  std::vector<std::string> wanted;
  const auto want = [&](std::string subscription) {
    if (std::ranges::find(wanted, subscription) == wanted.end() &&
        std::ranges::find(topics, subscription) == topics.end()) {
      wanted.push_back(std::move(subscription));
    }
  };
  for (const auto& topic : topics) {
    if (topic.starts_with('^')) {
      if (config_impl::is_topic_name(lane_topic_of("t", group))) {
        want("^.+\\.redrive\\." + escaped(group) + "$");
      }
      continue;
    }
    const auto lane = lane_topic_of(topic, group);
    if (config_impl::is_topic_name(lane)) {
      want(naming == lane_naming::by_name ? lane : "^" + escaped(lane) + "$");
    }
  }
  return wanted;
}

} // namespace streamer
