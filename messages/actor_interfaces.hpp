#pragma once

#include <caf/result.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <cstdint>
#include <string>

/// Every actor's interface. What the messages say is in work.hpp and actor_messages.hpp.
namespace streamer {

struct records_fetched;
struct end_reached;
struct work_finished;
struct attempt_results;
struct retry_verdicts;
struct dead_letters_written;
struct alone_verdict;
struct handler_replaced;
struct commit_answer;
struct drain_partition;
struct give_up_partition;
struct explain_wanted;
struct partition_explained;
struct retry_time_wanted;
struct retry_time;
struct tick;
struct links_changed;
struct work;
struct lanes_released;
struct epoch_dropped;
struct completions_ready;
struct outputs_collected;
struct turns_due;
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
                     caf::result<void>(work_finished),        // from a handler: see finished_work
                     caf::result<void>(attempt_results),      // from a handler: all other outcomes
                     caf::result<void>(turns_due),            // from itself: hand out what waits
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
                     caf::result<void>(outputs_collected), // from itself: send them
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
};

} // namespace streamer
