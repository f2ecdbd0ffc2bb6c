// Keeps a repeated log entry from flooding: at most one a period, with a count of the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace streamer {

/// Lets one call through a period. Pure: takes `now`, holds no clock. Not thread-safe; keep one per
/// actor and message. Use:
///
///     if (auto suppressed = broker_down_.pass(now)) {
///       log_.warn("broker_down", "no broker answers", {{"suppressed", *suppressed}});
///     }
class every {
 public:
  using clock = std::chrono::steady_clock;

  explicit constexpr every(clock::duration period) noexcept : period_{period} {}

  /// How many calls were refused since the last one let through, or nothing if this one is refused.
  /// A `now` before the last one let through is refused too.
  [[nodiscard]] constexpr std::optional<std::uint64_t> pass(clock::time_point now) noexcept {
    if (last_ && now - *last_ < period_) {
      ++suppressed_;
      return std::nullopt;
    }
    const auto refused = suppressed_;
    last_ = now;
    suppressed_ = 0;
    return refused;
  }

  /// Forgets the past: the next call passes. For a condition that ended.
  constexpr void reset() noexcept {
    last_.reset();
    suppressed_ = 0;
  }

 private:
  clock::duration period_;
  std::optional<clock::time_point> last_;
  std::uint64_t suppressed_ = 0;
};

} // namespace streamer
