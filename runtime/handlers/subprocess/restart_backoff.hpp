#pragma once

#include <algorithm>
#include <chrono>

namespace streamer {

/// How long a child that has ended stays down: from `initial`, doubled each time up to `longest`;
/// from the start again after one that lived for `steady_after`. A plain value.
class restart_backoff {
 public:
  using milliseconds = std::chrono::milliseconds;

  static constexpr milliseconds steady_after{10'000};

  constexpr restart_backoff(milliseconds initial, milliseconds longest)
      : initial_{initial}, longest_{std::max(initial, longest)}, next_{initial} {}

  /// The pause after a child that lived for so long.
  constexpr milliseconds after(milliseconds lived) {
    if (lived >= steady_after) {
      next_ = initial_;
    }
    const auto pause = next_;
    next_ = next_ > longest_ / 2 ? longest_ : next_ * 2;
    return pause;
  }

 private:
  milliseconds initial_;
  milliseconds longest_;
  milliseconds next_;
};

} // namespace streamer
