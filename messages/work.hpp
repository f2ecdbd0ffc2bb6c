#pragma once

#include "actors/retry/retry_schedule.hpp"
#include "messages/actor_interfaces.hpp"
#include "messages/cloud_event.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"
#include "messages/trace_context.hpp"
#include "messages/unread_guard.hpp"
#include "messages/work_records.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What partition consumers hand to tenants' handlers, and what comes back.
namespace streamer {

/// Whether a record runs as the others do.
enum class trial_kind : std::uint8_t {
  none,
  suspect, ///< was in a call when a process ended: is told back as `quarantined` instead of run
  alone,   ///< the suspect whose turn it is: runs while all other calls are held
};

/// What a partition consumer says of one record it hands out.
struct work_item {
  slot_id slot;
  lane_id lane;                      ///< 0: no order
  std::uint32_t record = 0;          ///< index in the record batch
  std::uint32_t attempts_before = 0; ///< attempts made earlier, in this ownership or another
  std::uint32_t tenant = 0;          ///< the partition consumer's own number of the tenant
  /// Told at intake, where the headers have just been read and are in the cache; absent: not yet.
  std::optional<event_encoding> encoding = std::nullopt;
  trial_kind trial = trial_kind::none;
};

class finished_work;

/// The items of one record batch. Shared by the partition consumer and the
/// handlers; immutable but for `started`, where the records' bytes are, and `orders`.
struct work_batch {
  work_batch() = default;
  explicit work_batch(record_batch_ptr batch) : records{std::move(batch)} {}

  work_records records;
  partition_consumer_actor origin;
  std::shared_ptr<finished_work> finished; ///< where `origin` looks for what was processed
  assignment_epoch epoch;
  std::uint64_t place = 0; ///< the partition as the crash journal knows it
  std::vector<work_item> items;
  /// Set by a handler when an asynchronous or blocking attempt at item i begins,
  /// so that its successor can tell what ran from what only queued.
  std::unique_ptr<std::atomic<bool>[]> started;
  /// Of a record that has failed: the span of its first attempt, if it is traced.
  std::optional<trace_context> first_attempt{};

  [[nodiscard]] record_ref ref(std::uint32_t item) const { return records.ref(items[item].record); }

  /// Keeps a list of items for as long as the batch, for slices to point into. By the partition
  /// consumer alone: handlers see the lists that they are given.
  std::span<const std::uint32_t> keep_order(std::vector<std::uint32_t> order) {
    return orders_.emplace_back(std::move(order));
  }

 private:
  std::vector<std::vector<std::uint32_t>> orders_;
};
using work_batch_ptr = std::shared_ptr<const work_batch>;

/// One tenant's part of a work_batch, or a part of that, in offset order. A plain value that
/// allocates nothing: of 10,000 tenants each has a record or two of a batch.
struct work_slice {
  work_batch_ptr batch;
  std::span<const std::uint32_t> items; ///< of `batch->items`; kept by the batch

  [[nodiscard]] work_slice part(std::size_t from, std::size_t count) const {
    return {batch, items.subspan(from, count)};
  }
  [[nodiscard]] const work_item& front() const { return batch->items[items.front()]; }
};

enum class work_kind : std::uint8_t {
  fresh,  ///< takes its turn in its lane
  again,  ///< a further attempt: its lane has been kept for it
  parked, ///< keeps its lane without running: waits for a retry or the DLQ
};

struct work {
  work_slice slice;
  work_kind kind = work_kind::fresh;
  std::shared_ptr<unread_guard> unread{}; ///< set when it is sent
};

/// Failing records that ended elsewhere (in the DLQ): their keys may go on.
struct lanes_released {
  assignment_epoch epoch;
  std::vector<std::pair<lane_id, slot_id>> lanes;
};

/// Forget an epoch's records; answered by attempt_results with `dropped`.
struct epoch_dropped {
  assignment_epoch epoch;
  bool running_too = false; ///< fence what runs; otherwise only what has not started is dropped
};

struct completions_ready {};

/// From a handler to itself, behind what waits in its mailbox: send the outputs of all of that.
struct outputs_collected {};

// ---------------------------------------------------------------- handlers to partition

/// Slices of which every item was processed, on their way back to a partition consumer: the usual
/// outcome. Handlers add, and wake the partition consumer for the first alone; it takes what has
/// come by then. With a message for each it would spend more on these than on the records where
/// tenants are many. Any thread.
class finished_work {
 public:
  /// True: the partition consumer has to be told `work_finished`.
  [[nodiscard]] bool add(const work_slice& slice) {
    const std::lock_guard lock{mutex_};
    if (closed_) {
      return false;
    }
    slices_.push_back(slice);
    return slices_.size() == 1;
  }

  [[nodiscard]] std::vector<work_slice> take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(slices_, {});
  }

  /// Nobody takes any more. What is here holds its batch, which holds this.
  void close() {
    std::vector<work_slice> dropped; // outlives the lock
    const std::lock_guard lock{mutex_};
    closed_ = true;
    dropped.swap(slices_);
  }

 private:
  std::mutex mutex_;
  std::vector<work_slice> slices_;
  bool closed_ = false;
};

/// There is something in `work_batch::finished`.
struct work_finished {};

/// From a partition consumer to itself, behind what waits in its mailbox: hand out what waits for
/// a turn, with the room that all of that has made.
struct turns_due {};

/// One failed attempt, with all that the retry and DLQ supervisors need to decide.
struct failed_attempt {
  slot_id slot;
  std::uint32_t attempts = 0; ///< made so far, this one included
  outcome result;
  std::shared_ptr<const struct failure_policy> policy;
  std::optional<trace_context> trace{}; ///< the attempt's span, if the record is traced
};

/// How failures of one [[handlers]] entry are treated.
struct failure_policy {
  std::string handler; ///< its name in logs
  retry_policy retry;
  std::vector<std::string>
      retry_on; ///< globs over cause and exception names: retried though rejected
  std::vector<std::string> reject_on; ///< likewise: dead-lettered without a further attempt
};

struct attempt_results {
  assignment_epoch epoch;
  std::vector<slot_id> processed;
  std::vector<slot_id> skipped;
  std::vector<failed_attempt> failed;
  std::vector<slot_id> dropped;         ///< not started, given back
  std::vector<slot_id> dropped_running; ///< fenced while they ran
  bool drop_complete = false;           ///< nothing of the epoch is left at this handler
};

} // namespace streamer
