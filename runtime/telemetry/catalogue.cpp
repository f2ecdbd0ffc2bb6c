#include "runtime/telemetry/catalogue.hpp"

#include <array>

namespace streamer {
namespace {

using names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 5> outcomes{"processed", "skipped", "dead_lettered",
                                                   "fenced", "already_done"};
constexpr std::array<std::string_view, 8> lag_states{"unfetched", "fetched",         "queued",
                                                     "in_flight", "waiting_retry",   "waiting_dlq",
                                                     "held",      "done_uncommitted"};
constexpr std::array<std::string_view, 5> retry_causes{"handler", "exception", "timeout",
                                                       "abandoned", "handler_restart"};
constexpr std::array<std::string_view, 8> dead_letter_reasons{
    "handler_rejected", "retries_exhausted", "overflow", "timeout", "crash",
    "undecodable",      "unmatched",         "too_large"};
constexpr std::array<std::string_view, 2> commit_results{"ok", "failed"};
constexpr std::array<std::string_view, 2> probe_results{"ok", "failed"};
constexpr std::array<std::string_view, 2> metadata_parts{"attempts", "ranges"};
constexpr std::array<std::string_view, 4> ignore_causes{"cluster", "topic", "base_offset",
                                                        "malformed"};
constexpr std::array<std::string_view, 3> rebalance_kinds{"assign", "revoke", "lost"};
constexpr std::array<std::string_view, 3> drop_causes{"fenced", "stale", "duplicate"};
constexpr std::array<std::string_view, 8> actor_kinds{
    "consumer_supervisor", "partition_consumer", "tenant_supervisor", "handler",
    "retry_supervisor",    "dlq_supervisor",     "producer",          "inspector"};
constexpr std::array<std::string_view, 2> output_error_kinds{"for_now", "for_good"};

constexpr label_info topic{"topic", {}};
constexpr label_info partition{"partition", {}};

constexpr std::array by_topic{topic};
constexpr std::array by_partition{topic, partition};
constexpr std::array by_partition_and_outcome{topic, partition,
                                              label_info{"outcome", names{outcomes}}};
constexpr std::array by_partition_and_state{topic, partition,
                                            label_info{"state", names{lag_states}}};
constexpr std::array by_retry_cause{label_info{"cause", names{retry_causes}}};
constexpr std::array by_dead_letter_reason{label_info{"reason", names{dead_letter_reasons}}};
constexpr std::array by_commit_result{label_info{"result", names{commit_results}}};
constexpr std::array by_probe_result{label_info{"result", names{probe_results}}};
constexpr std::array by_metadata_part{label_info{"part", names{metadata_parts}}};
constexpr std::array by_ignore_cause{label_info{"cause", names{ignore_causes}}};
constexpr std::array by_rebalance_kind{label_info{"kind", names{rebalance_kinds}}};
constexpr std::array by_drop_cause{label_info{"cause", names{drop_causes}}};
constexpr std::array by_actor_kind{label_info{"kind", names{actor_kinds}}};
constexpr std::array by_output_error_kind{label_info{"kind", names{output_error_kinds}}};
constexpr std::array by_error{label_info{"error", {}}};
constexpr std::array by_tenant{label_info{"tenant", {}}};
constexpr std::array by_versions{label_info{"version", {}}, label_info{"caf", {}},
                                 label_info{"librdkafka", {}}};

constexpr std::array work_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                  0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0};
// A backlog of hours is latency too.
constexpr std::array journey_buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,   0.25,  0.5,
                                     1.0,   2.5,    5.0,   10.0, 30.0,  60.0, 300.0, 900.0, 3600.0};

constexpr auto counter = metric_type::counter;
constexpr auto gauge = metric_type::gauge;
constexpr auto histogram = metric_type::histogram;
constexpr auto handles = metric_source::handles;
constexpr auto accounts = metric_source::accounts;
constexpr auto tenants = metric_source::tenants;

constexpr std::array<metric_info, metric_count> catalogue{{
    {metric::messages_produced,
     "kafka_producer_messages_produced_total",
     counter,
     handles,
     "messages",
     by_topic,
     "Messages that Kafka acknowledged, by topic.",
     {}},
    {metric::messages_consumed,
     "kafka_consumer_messages_consumed_total",
     counter,
     handles,
     "messages",
     by_topic,
     "Messages fetched from Kafka, by topic.",
     {}},
    {metric::producer_duration,
     "kafka_producer_duration_seconds",
     histogram,
     handles,
     "seconds",
     {},
     "Time from handing a message to the producer to its acknowledgement.",
     work_buckets},
    {metric::processing_duration,
     "kafka_consumer_processing_duration_seconds",
     histogram,
     handles,
     "seconds",
     {},
     "Time of one attempt, from the handler's call to its completion.",
     work_buckets},
    {metric::end_to_end_duration,
     "streamer_end_to_end_duration_seconds",
     histogram,
     handles,
     "seconds",
     {},
     "Time from a record's timestamp to its end in this worker.",
     journey_buckets},
    {metric::records_received,
     "streamer_records_received_total",
     counter,
     accounts,
     "records",
     by_partition,
     "Records taken from a partition. At every scrape it equals the sum of all outcomes and the "
     "pending records.",
     {}},
    {metric::records_finished,
     "streamer_records_total",
     counter,
     accounts,
     "records",
     by_partition_and_outcome,
     "Records that ended, by outcome; already_done: an earlier run had finished it, fenced: given "
     "up with its assignment and read again elsewhere.",
     {}},
    {metric::records_pending,
     "streamer_records_pending",
     gauge,
     accounts,
     "records",
     by_partition,
     "Records received that have not ended.",
     {}},
    {metric::lag_records,
     "streamer_lag_records",
     gauge,
     accounts,
     "records",
     by_partition_and_state,
     "Records between the committed offset and the end of an assigned partition, by what they wait "
     "for.",
     {}},
    {metric::lag_seconds,
     "streamer_lag_seconds",
     gauge,
     accounts,
     "seconds",
     by_partition,
     "Age of the oldest unfinished record of an assigned partition.",
     {}},
    {metric::commit_age,
     "streamer_commit_age_seconds",
     gauge,
     accounts,
     "seconds",
     by_partition,
     "How long the oldest progress of an assigned partition has waited for its commit; 0 while "
     "there is nothing to commit.",
     {}},
    {metric::retries,
     "streamer_retries_total",
     counter,
     handles,
     "attempts",
     by_retry_cause,
     "Attempts after a record's first, by what ended the attempt before.",
     {}},
    {metric::dead_letters,
     "streamer_dead_letters_total",
     counter,
     handles,
     "records",
     by_dead_letter_reason,
     "Records that the dead letter topic acknowledged, by reason.",
     {}},
    {metric::dlq_waiting_records,
     "streamer_dlq_waiting_records",
     gauge,
     handles,
     "records",
     {},
     "Records that wait for the dead letter topic's acknowledgement.",
     {}},
    {metric::dlq_waiting_partitions,
     "streamer_dlq_waiting_partitions",
     gauge,
     handles,
     "partitions",
     {},
     "Partitions that wait because the dead letter topic is unavailable.",
     {}},
    {metric::dlq_guard_holding,
     "streamer_dlq_guard_holding",
     gauge,
     handles,
     "guards",
     {},
     "1 while the DLQ guard takes the failures for an outage and nothing is dead-lettered.",
     {}},
    {metric::dlq_guard_held_records,
     "streamer_dlq_guard_held_records",
     gauge,
     handles,
     "records",
     {},
     "Records that the DLQ guard keeps from the dead letter topic.",
     {}},
    {metric::dlq_guard_trips,
     "streamer_dlq_guard_trips_total",
     counter,
     handles,
     "alarms",
     {},
     "How often the DLQ guard began to hold.",
     {}},
    {metric::dlq_guard_probes,
     "streamer_dlq_guard_probes_total",
     counter,
     handles,
     "attempts",
     by_probe_result,
     "Held records that were attempted to find out whether the outage is over, by result.",
     {}},
    {metric::in_flight_records,
     "streamer_in_flight_records",
     gauge,
     handles,
     "records",
     {},
     "Records in this process: queued, in handlers, waiting, outbound.",
     {}},
    {metric::in_flight_limit_records,
     "streamer_in_flight_limit_records",
     gauge,
     handles,
     "records",
     {},
     "The most records in flight before fetching stops.",
     {}},
    {metric::in_flight_bytes,
     "streamer_in_flight_bytes",
     gauge,
     handles,
     "bytes",
     {},
     "Memory of what is fetched, in flight, waiting and outbound.",
     {}},
    {metric::in_flight_limit_bytes,
     "streamer_in_flight_limit_bytes",
     gauge,
     handles,
     "bytes",
     {},
     "The memory budget over which fetching stops.",
     {}},
    {metric::commits,
     "streamer_commits_total",
     counter,
     handles,
     "commits",
     by_commit_result,
     "Offset commits, by result.",
     {}},
    {metric::commit_metadata_dropped,
     "streamer_commit_metadata_dropped_total",
     counter,
     handles,
     "entries",
     by_metadata_part,
     "Entries left out of a commit's metadata because they did not fit: repeated work after a "
     "restart.",
     {}},
    {metric::commit_metadata_ignored,
     "streamer_commit_metadata_ignored_total",
     counter,
     handles,
     "partitions",
     by_ignore_cause,
     "Commit metadata not used at assignment because it belongs to something else.",
     {}},
    {metric::rebalances,
     "streamer_rebalances_total",
     counter,
     handles,
     "rebalances",
     by_rebalance_kind,
     "Rebalance events, by kind.",
     {}},
    {metric::large_batches,
     "streamer_large_batches_total",
     counter,
     handles,
     "batches",
     by_partition,
     "Batches that took more memory decompressed than the budget provides for.",
     {}},
    {metric::assigned_partitions,
     "streamer_assigned_partitions",
     gauge,
     handles,
     "partitions",
     {},
     "Partitions assigned to this worker.",
     {}},
    {metric::acknowledgements_dropped,
     "streamer_acknowledgements_dropped_total",
     counter,
     handles,
     "acknowledgements",
     by_drop_cause,
     "Completions that came too late to count; fenced: of a timed-out attempt, stale: of an "
     "earlier assignment, duplicate: of a record completed before.",
     {}},
    {metric::actor_restarts,
     "streamer_actor_restarts_total",
     counter,
     handles,
     "restarts",
     by_actor_kind,
     "Actors restarted by their supervisor, by kind.",
     {}},
    {metric::mailbox_depth,
     "streamer_mailbox_depth",
     gauge,
     handles,
     "messages",
     by_actor_kind,
     "Messages in the mailboxes of the actors of a kind.",
     {}},
    {metric::outputs_produced,
     "streamer_outputs_produced_total",
     counter,
     handles,
     "events",
     {},
     "Events emitted by handlers that Kafka acknowledged.",
     {}},
    {metric::output_errors,
     "streamer_output_errors_total",
     counter,
     handles,
     "events",
     by_output_error_kind,
     "Events emitted by handlers that were refused, for now (sent again) or for good.",
     {}},
    {metric::kafka_errors,
     "streamer_kafka_errors_total",
     counter,
     handles,
     "errors",
     by_error,
     "Errors that the Kafka client reported, by the client's name for them.",
     {}},
    {metric::authentication_failures,
     "streamer_kafka_authentication_failures_total",
     counter,
     handles,
     "errors",
     {},
     "Refused logins at a broker.",
     {}},
    {metric::tenant_received,
     "streamer_tenant_records_received_total",
     counter,
     tenants,
     "records",
     by_tenant,
     "Records received, by tenant.",
     {}},
    {metric::tenant_processed,
     "streamer_tenant_records_processed_total",
     counter,
     tenants,
     "records",
     by_tenant,
     "Records processed or skipped, by tenant.",
     {}},
    {metric::tenant_retried,
     "streamer_tenant_records_retried_total",
     counter,
     tenants,
     "records",
     by_tenant,
     "Attempts after a record's first, by tenant.",
     {}},
    {metric::tenant_dead_lettered,
     "streamer_tenant_records_dead_lettered_total",
     counter,
     tenants,
     "records",
     by_tenant,
     "Records that became dead letters, by tenant.",
     {}},
    {metric::build_info,
     "streamer_build_info",
     gauge,
     handles,
     "info",
     by_versions,
     "Always 1; the labels tell the versions.",
     {}},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    if (static_cast<std::size_t>(catalogue[i].id) != i ||
        catalogue[i].buckets.size() > max_buckets) {
      return false;
    }
  }
  return true;
}
static_assert(in_order());

} // namespace

std::span<const metric_info> metric_catalogue() noexcept { return catalogue; }

const metric_info& info_of(metric id) noexcept {
  return catalogue.at(static_cast<std::size_t>(id));
}

std::string_view to_string(metric_type type) noexcept {
  constexpr std::array<std::string_view, 3> type_names{"counter", "gauge", "histogram"};
  return type_names.at(static_cast<std::size_t>(type));
}

} // namespace streamer
