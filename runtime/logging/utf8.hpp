// One step of UTF-8 decoding, shared by everything that prints text it does not trust.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamer {

/// The first code point of a text: its value, its length in bytes, and whether it was well formed.
struct utf8_step {
  char32_t code_point = 0xFFFD;
  std::size_t length = 1;
  bool valid = false;
};

namespace detail {

/// The length that a lead byte announces, the smallest code point that may be coded so, and the
/// bits of it that the lead byte carries; length 0 for a byte that cannot lead.
struct utf8_lead {
  std::size_t length = 0;
  char32_t lowest = 0;
  char32_t bits = 0;
};

[[nodiscard]] constexpr utf8_lead read_lead(std::uint8_t byte) noexcept {
  if (byte < 0x80U) {
    return {1, 0, byte};
  }
  if (byte >= 0xC2U && byte < 0xE0U) {
    return {2, 0x80, byte & 0x1FU};
  }
  if (byte >= 0xE0U && byte < 0xF0U) {
    return {3, 0x800, byte & 0x0FU};
  }
  if (byte >= 0xF0U && byte < 0xF5U) {
    return {4, 0x10000, byte & 0x07U};
  }
  return {};
}

} // namespace detail

/// Decodes the first code point of `text`, which must not be empty. Overlong forms, surrogates,
/// values above U+10FFFF and cut sequences are invalid: one byte, to be shown as U+FFFD.
[[nodiscard]] constexpr utf8_step decode_utf8(std::string_view text) noexcept {
  const auto lead = detail::read_lead(static_cast<std::uint8_t>(text.front()));
  if (lead.length == 0 || lead.length > text.size()) {
    return {};
  }
  auto code_point = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xC0U) != 0x80U) {
      return {};
    }
    code_point = (code_point << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < lead.lowest || surrogate || code_point > 0x10FFFF) {
    return {};
  }
  return {code_point, lead.length, true};
}

/// `text` with each invalid byte replaced by U+FFFD.
[[nodiscard]] inline std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    out.append(step.valid ? text.substr(0, step.length) : std::string_view{"\xEF\xBF\xBD"});
    text.remove_prefix(step.length);
  }
  return out;
}

} // namespace streamer
