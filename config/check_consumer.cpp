#include <charconv>
#include <optional>

#include "config/checks.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

/// A property of the consumer: its own map, which comes after the common one, or that.
struct found_property {
  std::string key;
  std::string value;
};

std::optional<found_property> consumer_property(const settings& values, const std::string& name) {
  if (auto own = values.consumer.properties.find(name); own != values.consumer.properties.end())
    return found_property{"consumer.properties." + name, own->second};
  if (auto common = values.kafka.properties.find(name); common != values.kafka.properties.end())
    return found_property{"kafka.properties." + name, common->second};
  return std::nullopt;
}

void check_under_consumer_protocol(checklist& check) {
  const auto& values = check.values();
  bool changed = check.where().is_explicit("consumer.session_timeout_ms") ||
                 values.consumer.session_timeout != consumer_settings{}.session_timeout;
  check.require(!changed, "consumer.session_timeout_ms",
                "is the broker's under group_protocol = \"consumer\"",
                "remove it, and set group.consumer.session.timeout.ms at the broker");
  for (const char* name : {"heartbeat.interval.ms", "partition.assignment.strategy"})
    if (auto found = consumer_property(values, name))
      check.require(false, found->key, "is the broker's under group_protocol = \"consumer\"",
                    "remove it, or use group_protocol = \"classic\"");
}

void check_heartbeat(checklist& check) {
  const auto& values = check.values();
  auto session = values.consumer.session_timeout;
  auto found = consumer_property(values, "heartbeat.interval.ms");
  if (!found) return; // A third of the session at most.
  std::int64_t interval = 0;
  const char* end = found->value.data() + found->value.size();
  auto [stop, error] = std::from_chars(found->value.data(), end, interval);
  bool is_number = error == std::errc{} && stop == end;
  check.require(is_number && interval > 0 && interval < session.count(), found->key,
                "is not a number of milliseconds below consumer.session_timeout_ms (" +
                    std::to_string(session.count()) + ')',
                "use a third of it at most");
}

void check_assignor(checklist& check) {
  auto found = consumer_property(check.values(), "partition.assignment.strategy");
  if (!found) return;
  bool eager = false;
  bool cooperative = false;
  for (const auto& strategy : split_list(found->value)) {
    eager = eager || strategy == "range" || strategy == "roundrobin";
    cooperative = cooperative || strategy == "cooperative-sticky";
    check.require(
        strategy == "range" || strategy == "roundrobin" || strategy == "cooperative-sticky",
        found->key, "has an unknown strategy, " + shown(strategy),
        "use cooperative-sticky, or range and roundrobin");
  }
  check.require(!eager || !cooperative, found->key, "mixes eager and cooperative strategies",
                "use cooperative-sticky alone, or range and roundrobin");
}

} // namespace

void check_consumer(checklist& check) {
  const auto& consumer = check.values().consumer;
  check.require(!consumer.topics.empty(), "consumer.topics", "is empty", "name at least one topic");
  check.require(consumer.drain_timeout < consumer.max_poll_interval, "consumer.drain_timeout_ms",
                "is not below consumer.max_poll_interval_ms (" +
                    std::to_string(consumer.max_poll_interval.count()) + ')',
                "use less", "consumer.max_poll_interval_ms");
  if (consumer.group_protocol == group_protocol_kind::consumer) {
    check_under_consumer_protocol(check);
    return;
  }
  check.require(!consumer_property(check.values(), "group.remote.assignor"),
                "consumer.properties.group.remote.assignor", "needs group_protocol = \"consumer\"",
                "remove it, or use that protocol");
  check.require(consumer.session_timeout <= consumer.max_poll_interval,
                "consumer.session_timeout_ms",
                "is above consumer.max_poll_interval_ms (" +
                    std::to_string(consumer.max_poll_interval.count()) + ')',
                "use at most that", "consumer.max_poll_interval_ms");
  check_heartbeat(check);
  check_assignor(check);
}

} // namespace streamer::config_impl
