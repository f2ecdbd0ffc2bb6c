#pragma once

#include "runtime/kafka/consumer_status.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/telemetry/telemetry.hpp"

namespace streamer {

/// Brings the metrics of the Kafka clients to what the clients tell. Before a scrape; any thread.
void refresh_client_metrics(telemetry& metrics, const consumer_status& source,
                            const producer_status& sink);

/// Raises a counter to a total that is counted elsewhere.
inline void raise_to(const counter_ref& counter, std::uint64_t total) {
  counter.add(total - counter.value());
}

} // namespace streamer
