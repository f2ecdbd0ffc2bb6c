#pragma once

#include <atomic>
#include <cstdint>

namespace streamer {

/// What keeps dead letters from being written, for readiness. Thread-safe.
struct dlq_gauge {
  /// Partitions that wait for a DLQ that does not take their records.
  std::atomic<std::int64_t> waiting_partitions{0};
  /// The DLQ guard takes the failures for an outage.
  std::atomic<bool> guard_holds{false};
};

} // namespace streamer
