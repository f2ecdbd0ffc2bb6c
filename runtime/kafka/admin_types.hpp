// What admin_client asks and is told, as plain values.
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// A topic as the cluster's metadata shows it.
struct topic_description {
  std::string name;
  std::int32_t partitions = 0;
  std::int32_t replication_factor = 0; ///< of partition 0
  std::int32_t leaderless = 0;         ///< partitions without a leader
  std::string id = {}; ///< another one after the topic was created anew; empty: not told
};

/// A topic to be created.
struct new_topic {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication_factor = -1; ///< -1: the broker's default
  std::map<std::string, std::string> properties = {};
};

/// How the creation of one topic ended.
struct creation_result {
  enum class state : std::uint8_t { created, existed, refused };
  std::string name;
  state ended = state::created;
  std::string error; ///< why it was refused
};

/// State of a consumer group as its coordinator tells it. `unknown` includes the assigning and
/// reconciling states of the new protocol, which have members.
enum class group_state : std::uint8_t {
  unknown,
  preparing_rebalance,
  completing_rebalance,
  stable,
  dead,
  empty
};

/// The state's name in Kafka's own tools, in lower case.
[[nodiscard]] constexpr std::string_view to_string(group_state state) {
  switch (state) {
    case group_state::unknown: return "unknown";
    case group_state::preparing_rebalance: return "preparing rebalance";
    case group_state::completing_rebalance: return "completing rebalance";
    case group_state::stable: return "stable";
    case group_state::dead: return "dead";
    case group_state::empty: return "empty";
  }
  return "unknown";
}

/// One member of a group.
struct group_member {
  std::string client_id;
  std::string host; ///< as the broker sees it, e.g. /10.0.0.7
  std::string member_id;
  std::string instance_id; ///< group.instance.id; empty for a dynamic member
  std::vector<topic_partition> assigned;
};

/// A consumer group.
struct group_description {
  std::string group_id;
  group_state state = group_state::unknown;
  bool new_protocol = false; ///< group.protocol=consumer
  std::vector<group_member> members;

  /// Whether offsets may not be altered from outside.
  [[nodiscard]] bool active() const {
    return !members.empty() || (state != group_state::dead && state != group_state::empty);
  }
};

/// What a group has committed for one partition.
struct committed_offset {
  offset_id offset;
  std::string metadata;
};

/// Which offset of a partition is asked for.
struct offset_query {
  enum class kind : std::uint8_t { earliest, latest, at_time };
  kind what = kind::latest;
  std::int64_t timestamp_ms =
      0; ///< of at_time: the first record with this timestamp or a later one

  [[nodiscard]] static constexpr offset_query earliest() { return {kind::earliest, 0}; }
  [[nodiscard]] static constexpr offset_query latest() { return {kind::latest, 0}; }
  [[nodiscard]] static constexpr offset_query at_time(std::int64_t ms) {
    return {kind::at_time, ms};
  }
};

/// Whether records of open and aborted transactions count.
enum class isolation : std::uint8_t { read_committed, read_uncommitted };

/// The answer for one partition.
struct listed_offset {
  std::optional<offset_id> offset; ///< absent: no record at or after the asked time
  std::int64_t timestamp_ms = -1;  ///< of that record, where the broker tells it
};

} // namespace streamer
