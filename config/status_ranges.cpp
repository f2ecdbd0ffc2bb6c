#include "config/status_ranges.hpp"

#include <algorithm>
#include <charconv>

namespace streamer {
namespace {

constexpr int lowest = 100;
constexpr int highest = 599;

std::optional<int> read_status(std::string_view text) {
  int status = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, status);
  const bool fits = error == std::errc{} && stop == end && status >= lowest && status <= highest;
  return fits ? std::optional{status} : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

} // namespace

std::optional<status_ranges> read_status_ranges(std::string_view text) {
  status_ranges ranges;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = trimmed(text.substr(0, comma));
    const auto dash = part.find('-');
    const auto from = read_status(part.substr(0, dash));
    const auto to = dash == std::string_view::npos ? from : read_status(part.substr(dash + 1));
    const bool ends_in_comma = comma + 1 == text.size();
    if (!from || !to || *from > *to || ends_in_comma) return std::nullopt;
    ranges.emplace_back(*from, *to);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return ranges;
}

bool has_status(const status_ranges& ranges, int status) {
  return std::ranges::any_of(
      ranges, [&](const auto& range) { return status >= range.first && status <= range.second; });
}

} // namespace streamer
