#pragma once

#include "messages/ids.hpp"
#include "messages/record.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What the group had committed for a partition when it was assigned.
struct committed_position {
  std::optional<offset_id> offset; ///< absent: the group has no commit for the partition
  std::int32_t leader_epoch = -1;
  std::string metadata; ///< as stored, text
};

/// Records of one ownership that are read and unfinished: the source adds, who has ended them
/// subtracts. Only what is read next depends on it.
using in_hand_count = std::shared_ptr<std::atomic<std::int64_t>>;

/// One partition as it comes to this process.
struct assigned_partition {
  topic_partition tp;
  assignment_epoch epoch;
  committed_position committed;
  std::string cluster_id;  ///< as the brokers tell it; empty if they have not yet
  in_hand_count in_hand{}; ///< may be null
};

/// What to commit for one partition: the frontier and what is finished beyond it.
struct commit_request {
  assignment_epoch epoch;
  offset_id offset; ///< next offset to read: everything before it is finished
  std::int32_t leader_epoch = -1;
  std::string metadata; ///< text, at most 4096 bytes
};

enum class commit_state : std::uint8_t {
  committed,
  again,              ///< refused for now (a rebalance runs, a timeout): commit again later
  metadata_too_large, ///< the broker's limit is lower: commit again with less metadata
  stale,              ///< the partition is not ours any more
};

/// Answer to one commit_request.
struct commit_result {
  assignment_epoch epoch;
  offset_id offset;
  commit_state state = commit_state::committed;
  std::string error; ///< name of the error when not committed
};

/// Why records stopped for good; the process ends with the exit code.
struct source_failure {
  int exit_code = 3; ///< 3: fatal Kafka error; 1: failed at run time; 2: configuration
  std::string what;  ///< one line: what, which value, what to do
};

/// The Kafka consumer as the actors see it. All calls are thread-safe, return at
/// once and are carried out in order by the one thread that owns the client.
class record_source {
 public:
  virtual ~record_source() = default;
  /// Begins to deliver records of partitions announced by `on_assigned`.
  virtual void start(std::vector<assignment_epoch> epochs) = 0;
  /// Commits asynchronously; answered by `on_committed`. Partitions of one call
  /// go into one request.
  virtual void commit(std::vector<commit_request> requests) = 0;
  /// The epoch has no more work that should be waited for. `last` is committed
  /// synchronously, together with the others that leave, before the partition is given up.
  virtual void release(assignment_epoch epoch, std::optional<commit_request> last) = 0;
  /// Stops and resumes delivery of one partition (its prefetch is thrown away).
  virtual void pause(assignment_epoch epoch) = 0;
  virtual void resume(assignment_epoch epoch) = 0;
  /// Forgets these epochs without a commit and reads on from the committed
  /// offsets: `on_assigned` announces the same partitions under new epochs.
  virtual void restart(std::vector<assignment_epoch> epochs) = 0;
  /// Delivers nothing more; goes on serving the group. For shutdown.
  virtual void stop_intake() = 0;
  /// Commits what was released, leaves the group (a static member stays) and
  /// stops the thread; answered by `on_left`.
  virtual void leave() = 0;
};

/// What the source tells. Called on the source's own thread; must not block.
class source_events {
 public:
  virtual ~source_events() = default;
  /// Answer with `start` once there is somebody to take the records.
  virtual void on_assigned(std::vector<assigned_partition> partitions) = 0;
  /// The group takes these away: drain within the budget and `release` each.
  virtual void on_revoking(std::vector<assignment_epoch> epochs) = 0;
  /// An operator pauses these or moves them: what runs may end, nothing new begins, and `release`
  /// ends the epoch. The same partitions come again under new ones.
  virtual void on_stopping(std::vector<assignment_epoch> epochs) = 0;
  /// Already someone else's: nothing may be committed.
  virtual void on_lost(std::vector<assignment_epoch> epochs) = 0;
  /// Records in offset order. Credit has been taken for them.
  virtual void on_records(assignment_epoch epoch, record_batch_ptr batch) = 0;
  /// All that the partition holds now has been delivered; `position` is the next
  /// offset to be fetched, past transaction markers and compacted gaps.
  virtual void on_end_reached(assignment_epoch epoch, offset_id position) = 0;
  virtual void on_committed(std::vector<commit_result> results) = 0;
  virtual void on_failed(source_failure failure) = 0;
  virtual void on_left() = 0;
};

} // namespace streamer
