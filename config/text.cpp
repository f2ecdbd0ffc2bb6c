#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

namespace streamer::config_impl {
namespace {

constexpr std::size_t longest_shown = 120;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

void append_printable(std::string& out, char c) {
  auto code = static_cast<unsigned char>(c);
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (code < 0x20 || code == 0x7f) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\u%04X", static_cast<unsigned>(code));
    out += buffer.data();
  } else {
    out += c;
  }
}

} // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      std::size_t substituted = diagonal + (left[i] == right[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::optional<std::string> nearest(std::string_view name, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string printable(std::string_view text) {
  std::string out;
  for (char c : text)
    append_printable(out, c);
  return out;
}

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    append_printable(out, c);
  }
  return out + '"';
}

std::string shown(std::string_view text) {
  if (text.size() <= longest_shown) return toml_quoted(text);
  // Not in the middle of a UTF-8 sequence: continuation bytes are 10xxxxxx.
  std::size_t end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
    --end;
  return toml_quoted(text.substr(0, end)) + "...";
}

std::string toml_list(std::span<const std::string> texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const auto& text : texts)
    quoted.push_back(toml_quoted(text));
  return '[' + joined(quoted, ", ") + ']';
}

std::string joined(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (trimmed(text).empty()) return parts;
  while (true) {
    std::size_t comma = text.find(',');
    parts.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::string lowered(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

bool looks_secret(std::string_view name) {
  using namespace std::string_view_literals;
  constexpr std::array public_endings = {"file"sv, "location"sv, "url"sv, "path"sv};
  constexpr std::array secret_words = {"password"sv,   "passphrase"sv, "secret"sv,  "token"sv,
                                       "credential"sv, "jaas"sv,       "key.pem"sv, "key_pem"sv,
                                       "api_key"sv,    "apikey"sv,     "private"sv};
  std::string lower = lowered(name);
  auto ends = [&](std::string_view ending) { return lower.ends_with(ending); };
  auto contains = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return !std::ranges::any_of(public_endings, ends) && std::ranges::any_of(secret_words, contains);
}

bool is_secret_header(std::string_view name) {
  std::string lower = lowered(name);
  std::ranges::replace(lower, '-', '_');
  return lower.find("authorization") != std::string::npos || lower == "cookie" ||
         looks_secret(lower);
}

} // namespace streamer::config_impl
