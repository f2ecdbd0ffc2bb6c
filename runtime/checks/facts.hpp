// What was found out about the cluster and the machine, as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace streamer {

/// A right of this user to a topic or a group.
enum class access_right : std::uint8_t { read, write, describe, describe_configs };

using access_rights = std::set<access_right>;

/// Configuration as the broker tells it, defaults included.
using broker_settings = std::map<std::string, std::string>;

/// One topic.
struct topic_facts {
  enum class state : std::uint8_t { found, missing, not_authorised, unknown };
  std::string name;
  state is = state::unknown;
  std::string error; ///< of `unknown`: why
  std::int32_t partitions = 0;
  std::int32_t replication_factor = 0;
  std::int32_t leaderless = 0;           ///< partitions without a leader
  std::vector<std::int32_t> in_sync;     ///< replicas in sync, a number a partition
  std::set<std::int32_t> brokers;        ///< ids of those that hold replicas, up or not
  std::optional<access_rights> rights;   ///< absent: the broker does not tell
  std::optional<broker_settings> config; ///< absent: may not be seen
};

/// The cluster as this configuration meets it.
struct cluster_facts {
  /// Not empty: nothing could be asked, and why.
  std::string unreachable;
  /// Of that: why the brokers do not let this user in, and behind "; " what to do about it; empty:
  /// that is not the reason.
  std::string refused;
  std::int32_t brokers = 0;
  std::set<std::int32_t> broker_ids; ///< of those that are up
  /// Input topics, those of patterns included.
  std::vector<topic_facts> inputs;
  /// The topic of each name that is no input: DLQs, targets of `forward`, redrive lanes, suspects.
  std::map<std::string, topic_facts> others;
  std::vector<std::string> patterns_without_topic; ///< of consumer.topics
  std::optional<access_rights> group_rights;       ///< absent: see `group_error`, or not asked
  std::string group_error;
  bool group_unasked = false;            ///< because a broker is down
  std::optional<broker_settings> broker; ///< of one broker; absent: may not be seen
};

/// Ids of brokers that hold replicas of these topics and are not up.
[[nodiscard]] std::set<std::int32_t> brokers_down(const cluster_facts& cluster);

/// The machine and this process' place on it.
struct local_facts {
  std::string state_dir_error; ///< why runtime.state_dir cannot be written; empty: it can
  std::string
      token_file_error; ///< why admin.token_file gives no token; empty: it does, or is unset
  std::uint64_t open_files = 0; ///< what a worker raises its limit to
};

/// What the memory budget makes of record sizes, in bytes.
struct size_limits {
  std::int64_t largest_response = 0; ///< that the consumer takes
  std::int64_t largest_outbound = 0; ///< record that the producer takes
};

} // namespace streamer
