#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace streamer {

/// How what the DLQ guard held is attempted again once it has ceased to hold: in portions, each
/// after the one before. What fails once more although others succeed is poison, and goes to the
/// DLQ; so a portion is small while any of it fails, and where nothing at all succeeds beside it
/// there is a pause, since the outage may have come back. A plain value; `now` must not go
/// backwards.
class held_release {
 public:
  using clock = std::chrono::steady_clock;

  /// The guard has ceased to hold.
  void begin(clock::time_point now);
  /// How many may be attempted now; 0: wait.
  [[nodiscard]] std::size_t due(clock::time_point now) const;
  /// So many are attempted, and so many records of the process had succeeded before.
  void started(clock::time_point now, std::size_t records, std::uint64_t successes);
  /// One of them has ended, or has left with its partition (`failed`: no).
  void ended(clock::time_point now, bool failed, std::uint64_t successes);

  static constexpr std::size_t cautious = 10;
  /// What was down is not to be met by everything at once.
  static constexpr std::size_t largest = 100;
  static constexpr std::chrono::milliseconds shortest_pause{1'000};
  static constexpr std::chrono::milliseconds longest_pause{10'000};
  /// The next portion does not wait longer than this for a slow record of the last one.
  static constexpr std::chrono::milliseconds patience{10'000};

 private:
  std::size_t size_ = cautious;
  std::size_t portion_ = 0;
  std::size_t running_ = 0;
  std::size_t failed_ = 0;
  std::uint64_t successes_before_ = 0;
  std::chrono::milliseconds pause_{0};
  clock::time_point next_;
  clock::time_point waits_until_;
};

} // namespace streamer
