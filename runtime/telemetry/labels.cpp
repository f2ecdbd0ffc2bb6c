#include "runtime/telemetry/labels.hpp"

#include "runtime/logging/utf8.hpp"

namespace streamer {
namespace {

// The serializer escapes a line end; a reader may stop at any other control character.
constexpr bool harmful(char32_t c) noexcept {
  return (c < 0x20 && c != U'\n') || (c >= 0x7F && c <= 0x9F);
}

} // namespace

bool is_clean_label(std::string_view text) {
  if (text.size() > max_label_bytes) {
    return false;
  }
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    if (!step.valid || harmful(step.code_point)) {
      return false;
    }
    text.remove_prefix(step.length);
  }
  return true;
}

std::string clean_label(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    const bool kept = step.valid && !harmful(step.code_point);
    const auto piece = kept ? text.substr(0, step.length) : std::string_view{"\xEF\xBF\xBD"};
    if (out.size() + piece.size() > max_label_bytes) {
      break;
    }
    out += piece;
    text.remove_prefix(step.length);
  }
  return out;
}

} // namespace streamer
