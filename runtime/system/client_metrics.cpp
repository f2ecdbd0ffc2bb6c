#include "runtime/system/client_metrics.hpp"

#include <algorithm>
#include <string>

namespace streamer {

void refresh_client_metrics(telemetry& metrics, const consumer_status& source,
                            const producer_status& sink) {
  metrics.gauge(metric::paused_partitions)
      .set(static_cast<double>(std::ranges::count_if(
          source.partitions, [](const auto& p) { return p.stopped.has_value(); })));
  raise_to(metrics.counter(metric::rebalances, {{"kind", "assign"}}), source.assignments);
  raise_to(metrics.counter(metric::rebalances, {{"kind", "revoke"}}), source.revocations);
  raise_to(metrics.counter(metric::rebalances, {{"kind", "lost"}}), source.losses);
  for (const auto& [tp, count] : source.large_batches) {
    raise_to(
        metrics.counter(metric::large_batches,
                        {{"topic", tp.topic}, {"partition", std::to_string(tp.partition.value())}}),
        count);
  }
  raise_to(metrics.counter(metric::topic_changes, {{"kind", "deleted"}}), source.topics_deleted);
  raise_to(metrics.counter(metric::topic_changes, {{"kind", "recreated"}}),
           source.topics_recreated);
  raise_to(metrics.counter(metric::topic_changes, {{"kind", "partitions_added"}}),
           source.topics_grown);
  raise_to(metrics.counter(metric::fetch_restarts), source.fetch_restarts);
  raise_to(metrics.counter(metric::fetch_client_renewals), source.fetch_client_renewals);
  raise_to(metrics.counter(metric::offsets_out_of_range), source.out_of_range);
  raise_to(metrics.counter(metric::offsets_skipped), source.skipped_records);
  raise_to(metrics.counter(metric::authentication_failures),
           source.auth_failures + sink.auth_failures);
  raise_to(metrics.counter(metric::kafka_errors, {{"error", "broker"}}),
           source.broker_errors + sink.broker_errors);
}

} // namespace streamer
