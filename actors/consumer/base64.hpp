#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// Base64 of RFC 4648 section 4, without padding. Brokers and tools mangle raw
/// bytes in commit metadata.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Nothing if `text` holds a character outside the alphabet or has an impossible length.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// Bytes that fit into `characters` of unpadded base64.
[[nodiscard]] constexpr std::size_t base64_capacity(std::size_t characters) {
  return characters * 3 / 4;
}

} // namespace streamer
