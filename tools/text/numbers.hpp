// Numbers and times as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer::tools {

/// `1,234,567`.
[[nodiscard]] std::string grouped(std::int64_t number);

/// `0.84 ms`, `12.5 ms`, `3.2 s`, `4 min 05 s`, `2 h 10 min`, `3 d 4 h`.
[[nodiscard]] std::string shown_duration(std::chrono::microseconds duration);

/// `number` with up to `digits` digits behind the point, without trailing zeros.
[[nodiscard]] std::string shown_decimal(double number, int digits);

/// A whole, non-negative number and nothing else.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);

/// `45s`, `30m`, `2h`, `7d`: a positive whole number and one unit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_age(std::string_view text);

} // namespace streamer::tools
