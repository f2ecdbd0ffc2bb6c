#include "tools/text/numbers.hpp"

#include <array>
#include <charconv>

namespace streamer::tools {
namespace {

using std::chrono::microseconds;

std::string fixed(double number, int digits) {
  std::array<char, 400> text{}; // the longest double has 309 digits before the point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 std::chars_format::fixed, digits);
  return {text.data(), end.ptr};
}

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

} // namespace

std::string grouped(std::int64_t number) {
  auto digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string shown_duration(microseconds duration) {
  const auto us = duration.count();
  const auto seconds = us / 1'000'000;
  const auto number = static_cast<double>(us);
  if (us < 10'000) return fixed(number / 1e3, 2) + " ms";
  if (us < 1'000'000) return fixed(number / 1e3, 1) + " ms";
  if (seconds < 60) return fixed(number / 1e6, 1) + " s";
  if (seconds < 3600) {
    return std::to_string(seconds / 60) + " min " + two_digits(seconds % 60) + " s";
  }
  if (seconds < 86'400) {
    return std::to_string(seconds / 3600) + " h " + two_digits(seconds % 3600 / 60) + " min";
  }
  return std::to_string(seconds / 86'400) + " d " + std::to_string(seconds % 86'400 / 3600) + " h";
}

std::string shown_decimal(double number, int digits) {
  auto text = fixed(number, digits);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stopped != end || number < 0) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> parse_age(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto number = parse_number(text.substr(0, text.size() - 1));
  constexpr std::int64_t most = 1'000'000'000; // in any unit it stays below what 64 bits hold
  if (!number || *number == 0 || *number > most) return std::nullopt;
  switch (text.back()) {
    case 's': return std::chrono::seconds{*number};
    case 'm': return std::chrono::minutes{*number};
    case 'h': return std::chrono::hours{*number};
    case 'd': return std::chrono::hours{24 * *number};
    default: return std::nullopt;
  }
}

} // namespace streamer::tools
