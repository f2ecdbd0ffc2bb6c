#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace streamer {

/// How many restarts a supervisor grants its children within a window before it
/// gives up and escalates (Erlang/OTP's restart intensity).
struct restart_limits {
  std::uint32_t max_restarts = 10;
  std::chrono::milliseconds window{60'000};
};

/// Decides whether a failed child may be restarted. A plain value; `now` must not go backwards.
class restart_intensity {
 public:
  using clock = std::chrono::steady_clock;

  explicit restart_intensity(restart_limits limits) : limits_{limits} {}

  /// Records a failure. True: restart. False: the budget is spent, escalate.
  [[nodiscard]] bool allow(clock::time_point now);

  /// Restarts that are still granted at `now`.
  [[nodiscard]] std::uint32_t left(clock::time_point now) const;
  /// Restarts granted since the beginning.
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const restart_limits& limits() const { return limits_; }

 private:
  restart_limits limits_;
  std::deque<clock::time_point> recent_;
  std::uint64_t total_ = 0;
};

} // namespace streamer
