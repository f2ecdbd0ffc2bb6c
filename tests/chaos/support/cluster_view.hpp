// Who leads what in a cluster, asked of its brokers.
#pragma once

#include "tests/support/kafka_access.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer::test {

/// One partition as the brokers describe it.
struct partition_view {
  std::int32_t leader = -1; ///< broker id; -1: none
  std::size_t in_sync = 0;
};

/// The partitions of a topic; empty when no broker answers within a few seconds.
[[nodiscard]] std::map<std::int32_t, partition_view> view_of(const std::string& bootstrap,
                                                             const std::string& topic);

/// Waits until every partition of the topic has a leader other than `not_this`. False: not in time.
[[nodiscard]] bool wait_for_leaders(const std::string& bootstrap, const std::string& topic,
                                    std::int32_t not_this, milliseconds timeout);

/// Waits until every partition of these topics has a leader other than `not_this`, and returns a
/// moment (ms since 1970) just before that: when it was last seen not to be so, or, if it is so at
/// once, when this began. Absent: not in time.
[[nodiscard]] std::optional<std::int64_t> led_without(const std::string& bootstrap,
                                                      const std::vector<std::string>& topics,
                                                      std::int32_t not_this, milliseconds timeout);

/// Waits until every partition of the topic has `replicas` replicas in sync.
[[nodiscard]] bool wait_for_in_sync(const std::string& bootstrap, const std::string& topic,
                                    std::size_t replicas, milliseconds timeout);

} // namespace streamer::test
