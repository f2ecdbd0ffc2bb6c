// Every metric there is: the one place that defines names, types, units, labels and help texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace streamer {

/// The metrics, in the order of the catalogue and of a scrape.
enum class metric : std::uint8_t {
  messages_produced,
  messages_consumed,
  producer_duration,
  processing_duration,
  end_to_end_duration,
  records_received,
  records_finished,
  records_pending,
  conflated,
  lag_records,
  lag_seconds,
  commit_age,
  retries,
  dead_letters,
  suspects,
  suspect_runs,
  suspect_crashes,
  suspects_dropped,
  suspects_shared,
  crash_journal_active,
  dlq_waiting_records,
  dlq_waiting_partitions,
  dlq_guard_holding,
  dlq_guard_held_records,
  dlq_guard_trips,
  dlq_guard_probes,
  in_flight_records,
  in_flight_limit_records,
  in_flight_bytes,
  in_flight_limit_bytes,
  commits,
  commit_metadata_dropped,
  commit_metadata_ignored,
  rebalances,
  large_batches,
  stalled_partitions,
  paused_partitions,
  paused_tenants,
  control_requests,
  config_reloads,
  fetch_restarts,
  fetch_client_renewals,
  topic_changes,
  offsets_out_of_range,
  offsets_skipped,
  assigned_partitions,
  acknowledgements_dropped,
  actor_restarts,
  mailbox_depth,
  inspection_connections,
  outputs_produced,
  output_errors,
  kafka_errors,
  authentication_failures,
  trace_spans,
  tenant_received,
  tenant_processed,
  tenant_retried,
  tenant_dead_lettered,
  ready,
  build_info,
};

/// The number of metrics.
inline constexpr std::size_t metric_count = static_cast<std::size_t>(metric::build_info) + 1;

/// What Prometheus calls the type.
enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// Where the values come from: handles that code holds, the partition accounts, or the tenant
/// counts.
enum class metric_source : std::uint8_t { handles, accounts, tenants };

/// A label, with the values that exist from the start. Without any, the values come at run time.
struct label_info {
  std::string_view name;
  std::span<const std::string_view> values;
};

/// The definition of a metric. Everything refers to static storage.
struct metric_info {
  metric id;
  std::string_view name;
  metric_type type;
  metric_source source;
  /// A base unit: "seconds", "bytes", or the things counted, such as "records".
  std::string_view unit;
  std::span<const label_info> labels;
  std::string_view help;
  /// Upper bounds, ascending, without +Inf; only of histograms.
  std::span<const double> buckets;
};

/// No histogram has more upper bounds than this.
inline constexpr std::size_t max_buckets = 24;

/// All definitions, in the order of the enumeration.
[[nodiscard]] std::span<const metric_info> metric_catalogue() noexcept;

/// The definition of one metric.
[[nodiscard]] const metric_info& info_of(metric id) noexcept;

/// counter, gauge, histogram.
[[nodiscard]] std::string_view to_string(metric_type type) noexcept;

} // namespace streamer
