#include "tools/load_test/load_event.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "tools/load_test/random.hpp"

namespace streamer::tools {
namespace {

constexpr std::string_view payload_head = R"({"text":")";
constexpr std::string_view payload_tail = R"("})";

/// Takes a number and the dot behind it, or the number that ends the text.
template <class Number>
bool take(std::string_view& text, Number& number, bool last) {
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
  if (last) return text.empty();
  if (text.empty() || text.front() != '.') return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::string format_mark(const load_mark& mark) {
  return std::to_string(mark.run) + '.' + std::to_string(mark.lane) + '.' +
         std::to_string(mark.sequence) + '.' + std::to_string(mark.intended_us);
}

std::optional<load_mark> parse_mark(std::string_view text) {
  load_mark mark;
  if (!take(text, mark.run, false) || !take(text, mark.lane, false) ||
      !take(text, mark.sequence, false) || !take(text, mark.intended_us, true)) {
    return std::nullopt;
  }
  return mark;
}

std::optional<load_mark> mark_of(const record_ref& record) {
  const auto header = record.header(load_mark_header);
  return header.is_null() ? std::nullopt : parse_mark(header.view());
}

std::string load_payload(std::size_t bytes, std::uint64_t seed) {
  constexpr auto frame = payload_head.size() + payload_tail.size();
  if (bytes < frame) {
    // Too short for a member: an empty object and the blanks that JSON allows.
    return bytes < 2 ? "{}" : "{" + std::string(bytes - 2, ' ') + "}";
  }
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(letters.size() == 64);
  std::string payload;
  payload.reserve(bytes);
  payload += payload_head;
  random_source random{seed};
  for (auto left = bytes - frame; left > 0;) {
    auto bits = random.next();
    for (int i = 0; i < 10 && left > 0; ++i, --left, bits >>= 6U)
      payload += letters[bits & 63U];
  }
  payload += payload_tail;
  return payload;
}

std::string lane_tenant(std::uint32_t lane, std::uint32_t tenants) {
  return "tenant-" + std::to_string(lane % tenants + 1);
}

std::string lane_key(std::uint32_t lane) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "key-%07u", lane);
  return text.data();
}

} // namespace streamer::tools
