#pragma once

#include "actors/consumer/credit.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace streamer {

/// What a partition consumer knows when it hands records out.
struct hand_out_view {
  credit_limits window;            ///< of the process
  credit_limits used;              ///< of it, now
  std::int64_t partitions = 1;     ///< assigned to the process
  std::size_t tenants = 0;         ///< that this partition knows
  std::int64_t out = 0;            ///< records of this partition that are at handlers
  std::chrono::nanoseconds age{0}; ///< of the oldest record that was taken in and has not ended
  std::size_t least = 1;           ///< room that a partition always has, in records
};

/// Handlers are slow when they keep a record for longer than this. A topic that is drained at full
/// speed passes through a whole window in a few milliseconds.
inline constexpr std::chrono::milliseconds slow_handlers{20};

/// How many records a partition may have at handlers: without bound as long as nobody is in the
/// way of anybody. When the window is half used and the handlers are slow, half of the
/// window is divided among the partitions; the other half is where tenants queue for their turns.
[[nodiscard]] inline std::int64_t hand_out_limit(const hand_out_view& v) {
  const bool contended = v.used.records > v.window.records / 2 || v.used.bytes > v.window.bytes / 2;
  if (v.tenants < 2 || !contended || v.age < slow_handlers) {
    return std::numeric_limits<std::int64_t>::max();
  }
  const auto part = v.window.records / (2 * std::max<std::int64_t>(1, v.partitions));
  return std::max(part, static_cast<std::int64_t>(v.least));
}

} // namespace streamer
