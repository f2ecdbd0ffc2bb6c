#include "messages/trace_context.hpp"

#include <algorithm>
#include <cstddef>

namespace streamer {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
// version-trace-span-flags
constexpr std::size_t version_length = 2;
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole = 55;
constexpr std::uint8_t sampled_bit = 1;

constexpr std::size_t most_state_bytes = 512;
constexpr std::size_t most_members = 32;
constexpr std::size_t most_name_bytes = 256;

// Lower case alone, as the standard has it.
template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::uint8_t, N>& into) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto high = digits.find(text[2 * i]);
    const auto low = digits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return false;
    }
    into[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return true;
}

template <std::size_t N>
void write_hex(const std::array<std::uint8_t, N>& bytes, std::string& to) {
  for (const auto byte : bytes) {
    to += digits[byte >> 4U];
    to += digits[byte & 0xFU];
  }
}

template <std::size_t N>
bool is_none(const std::array<std::uint8_t, N>& id) {
  return std::ranges::all_of(id, [](auto byte) { return byte == 0; });
}

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_in_name(char c) {
  return begins_name(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}

bool is_in_value(char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  const auto last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, last - first + 1);
}

bool is_member(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return false;
  }
  const auto name = text.substr(0, equals);
  const auto value = text.substr(equals + 1);
  return name.size() <= most_name_bytes && !value.empty() && value.size() <= most_name_bytes &&
         begins_name(name.front()) && std::ranges::all_of(name, is_in_name) &&
         std::ranges::all_of(value, is_in_value);
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) {
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  trace_context context;
  if (text.size() < whole || !read_hex(text.substr(0, version_length), version) ||
      version[0] == 0xFF) {
    return std::nullopt;
  }
  // A later version may say more behind what this one knows.
  const bool ends_well =
      version[0] == 0 ? text.size() == whole : text.size() == whole || text[whole] == '-';
  if (!ends_well || text[trace_at - 1] != '-' || text[span_at - 1] != '-' ||
      text[flags_at - 1] != '-' || !read_hex(text.substr(trace_at), context.trace) ||
      !read_hex(text.substr(span_at), context.span) || !read_hex(text.substr(flags_at), flags) ||
      is_none(context.trace) || is_none(context.span)) {
    return std::nullopt;
  }
  context.sampled = (flags[0] & sampled_bit) != 0;
  return context;
}

std::string to_traceparent(const trace_context& context) {
  std::string text;
  text.reserve(whole);
  text += "00-";
  write_hex(context.trace, text);
  text += '-';
  write_hex(context.span, text);
  text += context.sampled ? "-01" : "-00";
  return text;
}

bool is_tracestate(std::string_view text) {
  if (text.empty() || text.size() > most_state_bytes) {
    return false;
  }
  std::size_t members = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto member = trimmed(text.substr(at, comma - at));
    at = comma + 1;
    if (member.empty()) {
      continue; // the standard permits it
    }
    if (++members > most_members || !is_member(member)) {
      return false;
    }
  }
  return members > 0;
}

} // namespace streamer
