#include "runtime/http/target.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "runtime/logging/utf8.hpp"

namespace streamer {
namespace {

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<std::uint8_t>(c - '0');
  }
  if (c >= 'a' && c <= 'f') {
    return static_cast<std::uint8_t>(c - 'a' + 10);
  }
  if (c >= 'A' && c <= 'F') {
    return static_cast<std::uint8_t>(c - 'A' + 10);
  }
  return std::nullopt;
}

bool printable(std::string_view text) {
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    const bool control =
        step.code_point < 0x20 || (step.code_point >= 0x7F && step.code_point <= 0x9F);
    if (!step.valid || control) {
      return false;
    }
    text.remove_prefix(step.length);
  }
  return true;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
      if (!low) {
        return std::nullopt;
      }
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return printable(out) ? std::optional{std::move(out)} : std::nullopt;
}

std::optional<query_arguments> parse_query(std::string_view text) {
  query_arguments arguments;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) {
      continue;
    }
    const auto equals = std::min(piece.find('='), piece.size());
    auto name = decode(piece.substr(0, equals));
    auto value = decode(piece.substr(std::min(equals + 1, piece.size())));
    if (!name || !value || arguments.size() == max_query_arguments) {
      return std::nullopt;
    }
    arguments.emplace_back(std::move(*name), std::move(*value));
  }
  return arguments;
}

} // namespace

std::variant<request_target, target_error> parse_target(std::string_view text) {
  if (text.size() > max_target_bytes) {
    return target_error::too_long;
  }
  text = text.substr(0, text.find('#'));
  const auto question = std::min(text.find('?'), text.size());
  const auto path = text.substr(0, question);
  auto query = parse_query(text.substr(std::min(question + 1, text.size())));
  if (!path.starts_with('/') || !query) {
    return target_error::malformed;
  }
  return request_target{std::string{path}, std::move(*query)};
}

} // namespace streamer
