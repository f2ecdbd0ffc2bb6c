#include "tools/dlq/bytes_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "actors/consumer/base64.hpp"
#include "runtime/logging/format.hpp"
#include "runtime/logging/utf8.hpp"
#include "tools/ingest/json_text.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t row = 16;

bool has_controls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
  });
}

std::string hex_byte(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {digits[byte >> 4U], digits[byte & 0xFU]};
}

std::string hex_dump(std::string_view bytes) {
  std::string lines;
  for (std::size_t at = 0; at < bytes.size(); at += row) {
    const auto part = bytes.substr(at, row);
    std::array<char, 24> position{};
    std::snprintf(position.data(), position.size(), "%08zx ", at);
    std::string hex;
    std::string letters;
    for (const char c : part) {
      hex += " " + hex_byte(c);
      letters += c >= 0x20 && c < 0x7F ? c : '.';
    }
    hex.resize(row * 3, ' ');
    lines += position.data() + hex + "  " + letters + "\n";
  }
  return lines;
}

/// Escapes line by line: a payload's line ends are worth keeping, its terminal escapes are not.
std::string text_lines(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines += escape_text(text.substr(0, end)) + "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string left_out(std::size_t size, std::size_t limit) {
  if (size <= limit) return {};
  return "… " + grouped(static_cast<std::int64_t>(size - limit)) + " bytes more\n";
}

} // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto step = decode_utf8(bytes);
    if (!step.valid) return false;
    bytes.remove_prefix(step.length);
  }
  return true;
}

nlohmann::json json_bytes(bytes_ref bytes) {
  if (bytes.is_null()) return nullptr;
  if (is_utf8(bytes.view())) return bytes.view();
  auto text = base64_encode(bytes.view());
  text.append((4 - text.size() % 4) % 4, '=');
  return {{"base64", text}};
}

bytes_kind kind_of(bytes_ref bytes) {
  if (bytes.is_null()) return bytes_kind::null;
  const auto view = bytes.view();
  if (view.empty()) return bytes_kind::empty;
  if (!is_utf8(view) || has_controls(view)) return bytes_kind::binary;
  const auto first = view.find_first_not_of(" \t\r\n");
  const bool may_be_json = first != view.npos && (view[first] == '{' || view[first] == '[');
  return may_be_json && !json_problem(view) ? bytes_kind::json : bytes_kind::text;
}

std::string shown_bytes(bytes_ref bytes, std::size_t limit) {
  const auto view = bytes.view();
  switch (kind_of(bytes)) {
    case bytes_kind::null: return "(null)\n";
    case bytes_kind::empty: return "(empty)\n";
    case bytes_kind::json:
      // Cut JSON is no JSON: a large one is shown as the text that it is.
      if (view.size() <= limit) return nlohmann::json::parse(view).dump(2, ' ', true) + "\n";
      [[fallthrough]];
    case bytes_kind::text: return text_lines(view.substr(0, limit)) + left_out(view.size(), limit);
    case bytes_kind::binary: return hex_dump(view.substr(0, limit)) + left_out(view.size(), limit);
  }
  return {};
}

std::string shown_inline(bytes_ref bytes, std::size_t limit) {
  const auto view = bytes.view();
  const auto part = view.substr(0, limit);
  const std::string tail = view.size() > limit ? "…" : "";
  switch (kind_of(bytes)) {
    case bytes_kind::null: return "(null)";
    case bytes_kind::empty: return "(empty)";
    case bytes_kind::json:
    case bytes_kind::text: return escape_text(part) + tail;
    case bytes_kind::binary: break;
  }
  std::string hex = "0x";
  for (const char c : part)
    hex += hex_byte(c);
  return hex + tail;
}

} // namespace streamer::tools
