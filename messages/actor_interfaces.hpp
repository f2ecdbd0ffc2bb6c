#pragma once

#include "actors/consumer/explained.hpp"
#include "actors/consumer/record_source.hpp"
#include "actors/consumer/suspect.hpp"
#include "actors/retry/retry_schedule.hpp"
#include "messages/cloud_event.hpp"
#include "messages/event.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"
#include "messages/trace_context.hpp"
#include "messages/unread_guard.hpp"
#include "messages/work_records.hpp"

#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Every actor's interface and every message, in the order of a record's life.
/// Messages carry batches, never one record each and never a copy of a payload.
/// All but the inspection messages stay within the process.
namespace streamer {

struct records_fetched;
struct end_reached;
struct attempt_results;
struct retry_verdicts;
struct dead_letters_written;
struct alone_verdict;
struct handler_replaced;
struct commit_answer;
struct drain_partition;
struct give_up_partition;
struct explain_wanted;
struct retry_time_wanted;
struct retry_time;
struct tick;
struct links_changed;
struct work;
struct lanes_released;
struct epoch_dropped;
struct completions_ready;
struct handler_wanted;
struct handler_lease;
struct handler_unneeded;
struct partition_gone;
struct failed_records;
struct held_record_succeeded;
struct dead_letters;
struct alone_wanted;
struct alone_declined;
struct alone_ended;
struct suspects_settled;
struct mark_written;
struct calls_quiet;
struct produce;
struct produce_results;
struct delivered;
struct sink_failed;
struct partitions_assigned;
struct partitions_revoking;
struct partitions_stopping;
struct partitions_lost;
struct commits_answered;
struct source_failed;
struct source_left;
struct partition_released;
struct drain;
struct shutdown_request;
struct consumers_stopped;
struct escalation;

/// PARTITION CONSUMER: owns the offsets of one partition for one assignment epoch,
/// and is the only place that knows where each unfinished record is.
using partition_consumer_actor =
    caf::typed_actor<caf::result<void>(records_fetched),      // from the source, in offset order
                     caf::result<void>(end_reached),          // the source delivered all there is
                     caf::result<void>(attempt_results),      // from a handler
                     caf::result<void>(retry_verdicts),       // from the retry supervisor
                     caf::result<void>(dead_letters_written), // from the DLQ supervisor
                     caf::result<void>(alone_verdict),        // from the quarantine
                     caf::result<void>(handler_replaced),     // a tenant's handler was started anew
                     caf::result<void>(commit_answer),        // the broker's answer to a commit
                     caf::result<void>(drain_partition),   // finish within the budget, then release
                     caf::result<void>(give_up_partition), // not ours any more: commit nothing
                     caf::result<partition_explained>(explain_wanted), // why it lags
                     caf::result<void>(links_changed),                 // a peer was started anew
                     caf::result<void>(tick)>; // commit, look after what waits

/// TENANT HANDLER: runs the handlers on one tenant's records, in order per key.
using tenant_handler_actor =
    caf::typed_actor<caf::result<void>(work),           // records to process
                     caf::result<void>(lanes_released), // failing records that finished elsewhere
                     caf::result<void>(epoch_dropped),  // forget what a partition's epoch still has
                                                        // here
                     caf::result<void>(completions_ready), // asynchronous attempts have ended
                     caf::result<void>(links_changed), caf::result<void>(tick)>;

/// TENANT SUPERVISOR: starts a handler a tenant and starts it anew when it fails.
using tenant_supervisor_actor = caf::typed_actor<
    caf::result<handler_lease>(handler_wanted), // the tenant's handler, started if need be
    caf::result<void>(handler_unneeded),        // one partition has no more work for a tenant
    caf::result<void>(partition_gone),          // a partition consumer ended: its leases too
    caf::result<void>(links_changed), caf::result<void>(tick)>;

/// RETRY SUPERVISOR: says of each failed attempt whether, and when, there is another.
using retry_supervisor_actor =
    caf::typed_actor<caf::result<void>(failed_records),
                     caf::result<void>(held_record_succeeded),   // the outage may be over
                     caf::result<retry_time>(retry_time_wanted), // when one record's time comes
                     caf::result<void>(partition_gone), caf::result<void>(tick)>;

/// DLQ SUPERVISOR: writes dead letters and keeps at it until each is acknowledged.
using dlq_supervisor_actor =
    caf::typed_actor<caf::result<void>(dead_letters), caf::result<void>(partition_gone),
                     caf::result<void>(links_changed), caf::result<void>(tick)>;

/// QUARANTINE: says when each suspect runs alone, and which one does not run any more.
using quarantine_actor =
    caf::typed_actor<caf::result<void>(alone_wanted), caf::result<void>(alone_declined),
                     caf::result<void>(alone_ended),      // a handler's run alone is over
                     caf::result<void>(suspects_settled), // they ended, or had ended before
                     caf::result<void>(mark_written), caf::result<void>(calls_quiet),
                     caf::result<void>(partition_gone), caf::result<void>(tick)>;

/// PRODUCER: hands events to the Kafka client and answers when all are settled.
using producer_actor =
    caf::typed_actor<caf::result<produce_results>(produce), caf::result<void>(delivered)>;

/// CONSUMER SUPERVISOR: a partition consumer for each assigned partition.
using consumer_supervisor_actor =
    caf::typed_actor<caf::result<void>(partitions_assigned), caf::result<void>(partitions_revoking),
                     caf::result<void>(partitions_stopping), // an operator pauses or moves them
                     caf::result<void>(partitions_lost), caf::result<void>(commits_answered),
                     caf::result<void>(source_left),        // the group has been left
                     caf::result<void>(partition_released), // from a partition consumer: nothing
                                                            // waits any more
                     caf::result<void>(drain),              // from the root: orderly stop
                     caf::result<void>(links_changed), caf::result<void>(tick)>;

/// ROOT SUPERVISOR: starts the others, sinks first, and stops them, source first.
using root_supervisor_actor =
    caf::typed_actor<caf::result<void>(shutdown_request), caf::result<void>(source_failed),
                     caf::result<void>(sink_failed), caf::result<void>(escalation),
                     caf::result<void>(consumers_stopped), // the group has been left
                     caf::result<void>(tick)>;

/// Where the peers are now. Sent down the tree whenever one is started anew.
struct actor_links {
  producer_actor producer;
  dlq_supervisor_actor dlq;
  retry_supervisor_actor retry;
  tenant_supervisor_actor tenants;
  quarantine_actor quarantine;
};

/// One tenant's share of the in-flight window, counted over all partitions. Thread-safe.
struct tenant_account {
  std::string id;
  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> processed{0};
  std::atomic<std::uint64_t> retried{0};
  std::atomic<std::uint64_t> dead_lettered{0};
};

// ---------------------------------------------------------------- records to handlers

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

/// The items of one record batch. Shared by the partition consumer and the
/// handlers; immutable but for `started` and where the records' bytes are.
struct work_batch {
  work_batch() = default;
  explicit work_batch(record_batch_ptr batch) : records{std::move(batch)} {}

  work_records records;
  partition_consumer_actor origin;
  assignment_epoch epoch;
  std::uint64_t place = 0; ///< the partition as the crash journal knows it
  std::vector<work_item> items;
  /// Set by a handler when an asynchronous or blocking attempt at item i begins,
  /// so that its successor can tell what ran from what only queued.
  std::unique_ptr<std::atomic<bool>[]> started;
  /// Of a record that has failed: the span of its first attempt, if it is traced.
  std::optional<trace_context> first_attempt{};

  [[nodiscard]] record_ref ref(std::uint32_t item) const { return records.ref(items[item].record); }
};
using work_batch_ptr = std::shared_ptr<const work_batch>;

/// One tenant's part of a work_batch, in offset order.
struct work_slice {
  work_batch_ptr batch;
  std::vector<std::uint32_t> items;
};
using work_slice_ptr = std::shared_ptr<const work_slice>;

enum class work_kind : std::uint8_t {
  fresh,  ///< takes its turn in its lane
  again,  ///< a further attempt: its lane has been kept for it
  parked, ///< keeps its lane without running: waits for a retry or the DLQ
};

struct work {
  work_slice_ptr slice;
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

// ---------------------------------------------------------------- handlers to partition

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
  /// Set when every item of this slice was processed: the usual case, without a list.
  work_slice_ptr whole;
  std::vector<slot_id> processed;
  std::vector<slot_id> skipped;
  std::vector<failed_attempt> failed;
  std::vector<slot_id> dropped;         ///< not started, given back
  std::vector<slot_id> dropped_running; ///< fenced while they ran
  bool drop_complete = false;           ///< nothing of the epoch is left at this handler
};

// ---------------------------------------------------------------- failures

struct failed_record {
  slot_id slot;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds elapsed{0}; ///< since the first failure
  outcome_kind kind = outcome_kind::retry;
  failure_class cause = failure_class::handler;
  std::string exception;
  std::shared_ptr<const failure_policy> policy;
  std::uint64_t tenant = 0; ///< hash of its tenant's id
};

struct failed_records {
  partition_consumer_actor origin;
  assignment_epoch epoch;
  std::vector<failed_record> records;
  std::uint64_t succeeded = 0; ///< records that were told of together with these
};

struct retry_verdicts {
  struct spent_record {
    slot_id slot;
    dead_letter_reason reason;
  };
  std::vector<slot_id> due;
  std::vector<spent_record> spent;
  /// Spent, were it not for an outage: they wait, and the attempt that failed does not count.
  std::vector<slot_id> held{};
};

/// A record that the DLQ guard had held was processed after all.
struct held_record_succeeded {
  assignment_epoch epoch;
  slot_id slot;
};

struct dead_letter {
  slot_id slot;
  record_ref record;
  std::string tenant;
  dead_letter_reason reason = dead_letter_reason::handler_rejected;
  std::uint32_t attempts = 0;
  std::int64_t first_failed_ms = 0; ///< ms since 1970
  std::string message;
  std::string exception;
  std::optional<trace_context> trace{}; ///< the last attempt's span, if the record is traced
};

struct dead_letters {
  partition_consumer_actor origin;
  assignment_epoch epoch;
  std::vector<dead_letter> letters;
};

struct dead_letters_written {
  std::vector<slot_id> slots;
};

/// When is the next attempt of this record? Answered with `retry_time`.
struct retry_time_wanted {
  assignment_epoch epoch;
  slot_id slot;
};

struct retry_time {
  std::optional<std::chrono::steady_clock::time_point> due;
  bool held = false; ///< by the DLQ guard: its time comes when the outage ends
};

// ---------------------------------------------------------------- suspects

/// A suspect's turn in its lane has come: it is to run alone.
struct alone_wanted {
  partition_consumer_actor origin;
  assignment_epoch epoch;
  slot_id slot;
  record_place place;
};

struct alone_verdict {
  slot_id slot;
  /// Absent: run it now. Otherwise: so many crashes have been enough.
  std::optional<std::uint32_t> crashes;
};

/// It is not going to run here: its partition is being given up.
struct alone_declined {
  assignment_epoch epoch;
  slot_id slot;
};

struct alone_ended {
  bool finished = false; ///< with an outcome that is the record's last
};

struct suspects_settled {
  std::vector<record_place> places;
};

struct mark_written {
  bool ok = false;
};

struct calls_quiet {};

// ---------------------------------------------------------------- producing

struct produce {
  event_batch_ptr events;
};

struct produce_results {
  std::vector<delivery_result> results; ///< one for each event, in order
};

struct delivered {
  std::uint64_t request = 0;
  std::vector<delivery_result> results;
};

struct sink_failed {
  std::string what;
};

// ---------------------------------------------------------------- tenants

struct handler_wanted {
  std::string tenant;
  partition_consumer_actor by;
};

struct handler_lease {
  tenant_handler_actor handler;
  std::shared_ptr<tenant_account> account;
};

struct handler_unneeded {
  std::string tenant;
  partition_consumer_actor by;
};

struct handler_replaced {
  std::string tenant;
  tenant_handler_actor handler;
};

/// A partition consumer has ended; what waits for it anywhere is to be forgotten.
struct partition_gone {
  assignment_epoch epoch;
  partition_consumer_actor who;
};

// ---------------------------------------------------------------- the source

struct records_fetched {
  record_batch_ptr batch;
  std::shared_ptr<unread_guard> unread{}; ///< gives the credit back if nobody reads them
};

struct end_reached {
  offset_id position;
};

struct commit_answer {
  commit_result result;
};

struct partitions_assigned {
  std::vector<assigned_partition> partitions;
};

struct partitions_revoking {
  std::vector<assignment_epoch> epochs;
};

struct partitions_stopping {
  std::vector<assignment_epoch> epochs;
};

struct partitions_lost {
  std::vector<assignment_epoch> epochs;
};

struct commits_answered {
  std::vector<commit_result> results;
};

struct source_failed {
  source_failure failure;
};

struct source_left {};

struct drain_partition {
  std::chrono::steady_clock::time_point cut;      ///< what has not started by then is given back
  std::chrono::steady_clock::time_point deadline; ///< what still runs then is fenced
};

struct give_up_partition {};

/// Answered with `partition_explained`.
struct explain_wanted {};

struct partition_released {
  assignment_epoch epoch;
  std::uint64_t fenced_running = 0; ///< attempts that still ran at the deadline
  std::uint64_t unwritten_dead_letters = 0;
};

// ---------------------------------------------------------------- the tree

struct tick {};

struct links_changed {
  actor_links links;
};

/// Begin the orderly stop; a second request ends it at once.
struct shutdown_request {};

struct drain {
  std::chrono::steady_clock::time_point deadline;
};

/// All partitions are given up and the group is left.
struct consumers_stopped {
  std::uint64_t fenced_running = 0;         ///< attempts that still ran at the deadline
  std::uint64_t unwritten_dead_letters = 0; ///< dead letters that were not acknowledged by then
};

/// A supervisor has spent its restart budget.
struct escalation {
  std::string what;
};

} // namespace streamer

CAF_BEGIN_TYPE_ID_BLOCK(streamer, first_custom_type_id)
CAF_ADD_TYPE_ID(streamer, (streamer::records_fetched))
CAF_ADD_TYPE_ID(streamer, (streamer::end_reached))
CAF_ADD_TYPE_ID(streamer, (streamer::attempt_results))
CAF_ADD_TYPE_ID(streamer, (streamer::retry_verdicts))
CAF_ADD_TYPE_ID(streamer, (streamer::held_record_succeeded))
CAF_ADD_TYPE_ID(streamer, (streamer::retry_time_wanted))
CAF_ADD_TYPE_ID(streamer, (streamer::retry_time))
CAF_ADD_TYPE_ID(streamer, (streamer::explain_wanted))
CAF_ADD_TYPE_ID(streamer, (streamer::partition_explained))
CAF_ADD_TYPE_ID(streamer, (streamer::dead_letters_written))
CAF_ADD_TYPE_ID(streamer, (streamer::handler_replaced))
CAF_ADD_TYPE_ID(streamer, (streamer::commit_answer))
CAF_ADD_TYPE_ID(streamer, (streamer::drain_partition))
CAF_ADD_TYPE_ID(streamer, (streamer::give_up_partition))
CAF_ADD_TYPE_ID(streamer, (streamer::tick))
CAF_ADD_TYPE_ID(streamer, (streamer::links_changed))
CAF_ADD_TYPE_ID(streamer, (streamer::work))
CAF_ADD_TYPE_ID(streamer, (streamer::lanes_released))
CAF_ADD_TYPE_ID(streamer, (streamer::epoch_dropped))
CAF_ADD_TYPE_ID(streamer, (streamer::completions_ready))
CAF_ADD_TYPE_ID(streamer, (streamer::handler_wanted))
CAF_ADD_TYPE_ID(streamer, (streamer::handler_lease))
CAF_ADD_TYPE_ID(streamer, (streamer::handler_unneeded))
CAF_ADD_TYPE_ID(streamer, (streamer::partition_gone))
CAF_ADD_TYPE_ID(streamer, (streamer::failed_records))
CAF_ADD_TYPE_ID(streamer, (streamer::dead_letters))
CAF_ADD_TYPE_ID(streamer, (streamer::alone_verdict))
CAF_ADD_TYPE_ID(streamer, (streamer::alone_wanted))
CAF_ADD_TYPE_ID(streamer, (streamer::alone_declined))
CAF_ADD_TYPE_ID(streamer, (streamer::alone_ended))
CAF_ADD_TYPE_ID(streamer, (streamer::suspects_settled))
CAF_ADD_TYPE_ID(streamer, (streamer::mark_written))
CAF_ADD_TYPE_ID(streamer, (streamer::calls_quiet))
CAF_ADD_TYPE_ID(streamer, (streamer::produce))
CAF_ADD_TYPE_ID(streamer, (streamer::produce_results))
CAF_ADD_TYPE_ID(streamer, (streamer::delivered))
CAF_ADD_TYPE_ID(streamer, (streamer::sink_failed))
CAF_ADD_TYPE_ID(streamer, (streamer::partitions_assigned))
CAF_ADD_TYPE_ID(streamer, (streamer::partitions_revoking))
CAF_ADD_TYPE_ID(streamer, (streamer::partitions_stopping))
CAF_ADD_TYPE_ID(streamer, (streamer::partitions_lost))
CAF_ADD_TYPE_ID(streamer, (streamer::commits_answered))
CAF_ADD_TYPE_ID(streamer, (streamer::source_failed))
CAF_ADD_TYPE_ID(streamer, (streamer::source_left))
CAF_ADD_TYPE_ID(streamer, (streamer::partition_released))
CAF_ADD_TYPE_ID(streamer, (streamer::drain))
CAF_ADD_TYPE_ID(streamer, (streamer::shutdown_request))
CAF_ADD_TYPE_ID(streamer, (streamer::escalation))
CAF_ADD_TYPE_ID(streamer, (streamer::consumers_stopped))
CAF_END_TYPE_ID_BLOCK(streamer)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::records_fetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::end_reached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::attempt_results)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::retry_verdicts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::held_record_succeeded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::retry_time_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::retry_time)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::explain_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partition_explained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::dead_letters_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::handler_replaced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::commit_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::drain_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::give_up_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::links_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::lanes_released)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::epoch_dropped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::completions_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::handler_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::handler_lease)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::handler_unneeded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partition_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::failed_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::dead_letters)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::alone_verdict)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::alone_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::alone_declined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::alone_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::suspects_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::mark_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::calls_quiet)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::produce)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::produce_results)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::delivered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::sink_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partitions_assigned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partitions_revoking)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partitions_stopping)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partitions_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::commits_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::source_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::source_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::partition_released)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::shutdown_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::escalation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::consumers_stopped)
