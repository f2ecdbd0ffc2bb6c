// When each event of an open-loop load is to be sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace streamer::tools {

/// `--burst ON:OFF`: the load runs for `on`, then rests for `off`, and so on.
struct burst_pattern {
  std::chrono::microseconds on{0};
  std::chrono::microseconds off{0};
};

/// `1:4`, `0.5:2`: seconds, the first above 0. Nothing for any other text.
[[nodiscard]] std::optional<burst_pattern> parse_burst(std::string_view text);

/// Intended send times, in microseconds from the start. The rate holds while the load runs; in the
/// rests of a burst pattern nothing is intended. Pure.
class send_schedule {
 public:
  /// `rate` in events a second, above 0; `duration` of the whole, rests included.
  send_schedule(double rate, std::chrono::microseconds duration,
                std::optional<burst_pattern> burst = std::nullopt);

  /// Number of events within the duration.
  [[nodiscard]] std::uint64_t total() const { return total_; }

  /// When event `index` (from 0) is to be sent.
  [[nodiscard]] std::int64_t intended_us(std::uint64_t index) const;

  /// How many events are to have been sent by `elapsed_us`, at most `total()`.
  [[nodiscard]] std::uint64_t due(std::int64_t elapsed_us) const;

 private:
  [[nodiscard]] std::uint64_t before(std::int64_t elapsed_us) const;

  double interval_us_;
  std::optional<burst_pattern> burst_;
  std::uint64_t total_;
};

} // namespace streamer::tools
