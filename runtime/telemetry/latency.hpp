// Latencies of a load test with exact percentiles, from microseconds to an hour.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

struct hdr_histogram;

namespace streamer {

/// Records latencies with three significant digits in about 200 KiB, whatever their number. Not
/// thread-safe: one per thread, merged at the end.
class latency_recorder {
 public:
  using clock = std::chrono::steady_clock;
  using microseconds = std::chrono::duration<std::int64_t, std::micro>;

  /// Longer latencies count as this one.
  static constexpr microseconds longest = std::chrono::hours{1};

  /// Throws std::bad_alloc.
  latency_recorder();
  latency_recorder(latency_recorder&&) noexcept = default;
  latency_recorder& operator=(latency_recorder&&) noexcept = default;
  latency_recorder(const latency_recorder&) = delete;
  latency_recorder& operator=(const latency_recorder&) = delete;
  ~latency_recorder() = default;

  /// Records one latency; less than nothing counts as 0, less than 1 µs too.
  void record(microseconds latency) noexcept;

  /// Records from the moment at which an event should have been sent, not the one at which it was:
  /// otherwise a stalled sender hides the very stall that it is to measure.
  void record(clock::time_point intended, clock::time_point done) noexcept;

  /// Adds everything that `other` recorded.
  void merge(const latency_recorder& other) noexcept;

  /// Forgets everything.
  void reset() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept;

  /// The latency that `percent` of the records (0 to 100; 99.9) did not exceed; 0 without records.
  [[nodiscard]] microseconds percentile(double percent) const noexcept;

  /// 0 without records, as the next two.
  [[nodiscard]] microseconds lowest() const noexcept;
  [[nodiscard]] microseconds highest() const noexcept;
  [[nodiscard]] double mean_us() const noexcept;

 private:
  struct closer {
    void operator()(hdr_histogram* histogram) const noexcept;
  };
  std::unique_ptr<hdr_histogram, closer> histogram_;
};

} // namespace streamer
