#pragma once

#include "actors/consumer/explained.hpp"
#include "actors/consumer/record_source.hpp"
#include "actors/consumer/suspect.hpp"
#include "messages/actor_interfaces.hpp"
#include "messages/event.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"
#include "messages/trace_context.hpp"
#include "messages/unread_guard.hpp"
#include "messages/work.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Every message between actors, in the order of a record's life; those to handlers and back are
/// in work.hpp. Messages carry batches, never one record each and never a copy of a payload.
/// All but the inspection messages stay within the process.
namespace streamer {

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
CAF_ADD_TYPE_ID(streamer, (streamer::work_finished))
CAF_ADD_TYPE_ID(streamer, (streamer::turns_due))
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
CAF_ADD_TYPE_ID(streamer, (streamer::outputs_collected))
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::work_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::turns_due)
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(streamer::outputs_collected)
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
