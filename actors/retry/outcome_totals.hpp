#pragma once

#include <atomic>
#include <cstdint>

namespace streamer {

/// What the DLQ guard has to know of records that do not fail. Written once a batch, never once a
/// record. Thread-safe.
struct outcome_totals {
  std::atomic<std::uint64_t> succeeded{0}; ///< records processed or skipped
  std::atomic<std::uint64_t> tenants{0};   ///< that have a handler
};

} // namespace streamer
