#include "actors/retry/retry_schedule.hpp"

#include <algorithm>
#include <cmath>

namespace streamer {

std::optional<std::chrono::milliseconds> next_attempt_in(const retry_policy& policy,
                                                         std::uint32_t attempts,
                                                         std::chrono::milliseconds elapsed,
                                                         std::mt19937_64& random) {
  if (attempts >= policy.max_attempts) {
    return std::nullopt;
  }
  const auto ceiling = static_cast<double>(policy.max_backoff.count());
  const auto exponent = static_cast<double>(attempts > 0 ? attempts - 1 : 0);
  // pow() may overflow to infinity, which the ceiling takes care of.
  const auto plain = std::min(ceiling, static_cast<double>(policy.initial_backoff.count()) *
                                           std::pow(policy.multiplier, exponent));
  std::uniform_real_distribution<double> spread{1.0 - policy.jitter, 1.0 + policy.jitter};
  const auto delay = std::chrono::milliseconds{
      static_cast<std::int64_t>(std::llround(std::min(ceiling, plain * spread(random))))};
  // Clocks of two owners of a partition may differ: a negative time is none.
  if (std::max(elapsed, std::chrono::milliseconds::zero()) + delay > policy.max_elapsed) {
    return std::nullopt;
  }
  return delay;
}

} // namespace streamer
