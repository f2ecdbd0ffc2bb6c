#pragma once

#include "messages/ids.hpp"
#include "messages/operator_pause.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// Where one assigned partition stands.
struct partition_status {
  topic_partition tp;
  assignment_epoch epoch;
  /// Offsets as the broker last told them; negative: not known yet. `low` is the first record still
  /// there, `end` is one past the last record that a committed-only reader may see.
  std::int64_t low = -1;
  std::int64_t end = -1;
  /// The next offset to be delivered; negative before the first start.
  std::int64_t position = -1;
  bool started = false;
  bool paused = false;
  bool leaving = false;                                 ///< revoked, draining
  std::optional<operator_pause> stopped = std::nullopt; ///< by an operator
  bool moving = false; ///< its consumer ends, to begin anew: an operator pauses or moves it
};

/// What health checks and metrics want to know of the consumer, at one moment.
struct consumer_status {
  bool connected = false;        ///< a broker has answered since all of them were last down
  bool joined = false;           ///< member of the group, with an assignment (which may be empty)
  bool idle_member = false;      ///< joined, and the group has no partition for it
  bool fatal = false;            ///< the client cannot go on; `on_failed` has been told
  bool authenticated = true;     ///< false from an authentication failure until the next success
  std::string member_id;         ///< the group's name for this process; empty before the first join
  std::int64_t last_poll_ns = 0; ///< steady clock, nanoseconds: the thread's last turn
  std::uint64_t assignments = 0; ///< rebalances that gave partitions
  std::uint64_t revocations = 0; ///< rebalances that took partitions
  std::uint64_t losses = 0;      ///< assignments lost without notice
  std::uint64_t auth_failures = 0;
  std::uint64_t broker_errors = 0;   ///< errors of connections and brokers, all kinds
  std::uint64_t commit_failures = 0; ///< commit requests that were refused, all kinds
  std::uint64_t records = 0;         ///< delivered by on_records
  std::uint64_t bytes = 0;           ///< charged for them
  std::uint64_t stale_records = 0;   ///< dropped: fetched for an ownership that had ended
  std::uint64_t out_of_range = 0;    ///< committed offsets that were not in the log any more
  std::uint64_t skipped_records = 0; ///< offsets skipped by consumer.on_out_of_range
  /// Batches that took more memory decompressed than the budget provides for.
  std::map<topic_partition, std::uint64_t> large_batches;
  /// Queues that partitions may wait in; fewer where batches are large.
  std::size_t fetch_lanes = 0;
  std::uint64_t topics_deleted = 0; ///< while they were read
  std::uint64_t topics_recreated = 0;
  std::uint64_t topics_grown = 0;          ///< given partitions
  std::uint64_t fetch_restarts = 0;        ///< by `read_again`
  std::uint64_t fetch_client_renewals = 0; ///< by `renew_fetching`
  std::vector<partition_status> partitions;
};

} // namespace streamer
