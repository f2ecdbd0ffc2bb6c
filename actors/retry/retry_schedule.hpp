#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace streamer {

/// When and how often a failed record is tried again (`[retry]`).
struct retry_policy {
  std::uint32_t max_attempts = 10;
  std::chrono::milliseconds max_elapsed{120'000}; ///< from the first failure
  std::chrono::milliseconds initial_backoff{100};
  double multiplier = 2.0;
  std::chrono::milliseconds max_backoff{30'000};
  double jitter = 0.2; ///< the delay varies by ± this part
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/// The delay before the next attempt, after `attempts` (≥ 1) have failed; nothing
/// when the attempts or the time are spent. `elapsed` is the time since the first
/// failure: an attempt that could only start beyond `max_elapsed` is not made.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_attempt_in(
    const retry_policy& policy, std::uint32_t attempts, std::chrono::milliseconds elapsed,
    std::mt19937_64& random);

} // namespace streamer
