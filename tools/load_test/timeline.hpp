// What a load test did over its time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamer::tools {

/// Counts and highest latencies by intervals of one length, which doubles when the run outgrows
/// them: memory stays bounded however long it takes. Times are microseconds since the start.
class timeline {
 public:
  /// One interval.
  struct interval {
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t processed = 0;
    std::int64_t delivery_us = 0;   ///< highest latency of those acknowledged; 0 for none
    std::int64_t end_to_end_us = 0; ///< of those processed
  };

  static constexpr std::size_t most_intervals = 240;
  static constexpr std::int64_t first_length_us = 250'000;

  void sent(std::int64_t at_us, std::uint64_t count) { at(at_us).sent += count; }
  void acknowledged(std::int64_t at_us, std::int64_t latency_us) {
    auto& now = at(at_us);
    ++now.acknowledged;
    now.delivery_us = std::max(now.delivery_us, latency_us);
  }
  void processed(std::int64_t at_us, std::int64_t latency_us) {
    auto& now = at(at_us);
    ++now.processed;
    now.end_to_end_us = std::max(now.end_to_end_us, latency_us);
  }

  [[nodiscard]] const std::vector<interval>& intervals() const { return intervals_; }
  [[nodiscard]] std::int64_t length_us() const { return length_us_; }
  /// How much of interval `index` there was: the last one ends with what happened last, but counts
  /// as half a one at least.
  [[nodiscard]] std::int64_t length_of(std::size_t index) const;

 private:
  interval& at(std::int64_t at_us);
  void halve();

  std::vector<interval> intervals_;
  std::int64_t length_us_ = first_length_us;
  std::int64_t last_us_ = 0;
};

} // namespace streamer::tools
