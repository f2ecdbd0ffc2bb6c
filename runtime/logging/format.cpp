#include "runtime/logging/format.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "runtime/logging/utf8.hpp"

namespace streamer {
namespace {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
// Clang 14 does not deduce aggregates by itself.
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

/// Characters that end a line, drive a terminal, or reorder and hide what stands beside them.
constexpr bool unprintable(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

void append_escaped(std::string& out, char32_t c) {
  switch (c) {
    case U'\n': out += "\\n"; return;
    case U'\r': out += "\\r"; return;
    case U'\t': out += "\\t"; return;
    default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
  }
}

/// Appends `text` escaped; within quotes also `"` and `\`.
void append_text(std::string& out, std::string_view text, bool quoted) {
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    if (!step.valid) {
      out += "\xEF\xBF\xBD";
    } else if (unprintable(step.code_point)) {
      append_escaped(out, step.code_point);
    } else {
      if (quoted && (step.code_point == U'"' || step.code_point == U'\\')) {
        out += '\\';
      }
      out += text.substr(0, step.length);
    }
    text.remove_prefix(step.length);
  }
}

bool stands_bare(std::string_view text, std::string_view special) {
  if (text.empty() || text.find_first_of(special) != std::string_view::npos) {
    return false;
  }
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    if (!step.valid || unprintable(step.code_point)) {
      return false;
    }
    text.remove_prefix(step.length);
  }
  return true;
}

/// The part of `text` that is shown: at most max_log_text bytes, ending between code points.
std::string_view shown(std::string_view text) {
  if (text.size() <= max_log_text) {
    return text;
  }
  auto end = max_log_text;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (end > max_log_text - 4 && continues(text[end])) {
    --end;
  }
  return text.substr(0, end);
}

std::string cut_note(std::string_view text) {
  const auto left_out = text.size() - shown(text).size();
  return left_out == 0 ? std::string{} : fmt::format("...(+{} bytes)", left_out);
}

/// Appends text bare where that is unambiguous, else in quotes.
void append_token(std::string& out, std::string_view text, std::string_view special) {
  const auto part = shown(text);
  if (stands_bare(part, special) && part.size() == text.size()) {
    append_text(out, part, false);
    return;
  }
  out += '"';
  append_text(out, part, true);
  out += cut_note(text);
  out += '"';
}

constexpr std::string_view special_in_value = " =\"\\";
constexpr std::string_view special_in_message = "=\"\\";

void append_value(std::string& out, const log_value& value) {
  const auto number = [&out](auto n) {
    std::array<char, 32> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n);
    out.append(buffer.data(), result.ptr);
  };
  std::visit(
      overloaded{[&out](bool b) { out += b ? "true" : "false"; },
                 [&out](std::string_view s) { append_token(out, s, special_in_value); }, number},
      value.get());
}

bool reserved(std::string_view name) {
  constexpr std::array<std::string_view, 5> names{"time", "level", "component", "event", "message"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string capped(std::string_view text) { return std::string{shown(text)} + cut_note(text); }

} // namespace

std::string format_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string escape_text(std::string_view text) {
  std::string out;
  append_text(out, text, false);
  return out;
}

std::string format_text(const log_entry& entry) {
  std::string out = format_time(entry.time);
  out += ' ';
  out += to_string(entry.level);
  for (const auto token : {entry.component, entry.event}) {
    out += ' ';
    append_token(out, token, special_in_value);
  }
  out += ' ';
  append_token(out, entry.message, special_in_message);
  for (const auto& field : entry.fields) {
    out += ' ';
    append_token(out, field.name, special_in_value);
    out += '=';
    append_value(out, field.value);
  }
  return out;
}

std::string format_json(const log_entry& entry) {
  nlohmann::ordered_json line;
  line["time"] = format_time(entry.time);
  line["level"] = to_string(entry.level);
  line["component"] = capped(entry.component);
  line["event"] = capped(entry.event);
  line["message"] = capped(entry.message);
  for (const auto& field : entry.fields) {
    auto name = (reserved(field.name) ? "field_" : "") + capped(field.name);
    std::visit(overloaded{[&](std::string_view s) { line[name] = capped(s); },
                          [&](auto scalar) { line[name] = scalar; }},
               field.value.get());
  }
  // Plain ASCII: no viewer can take a character in it for a line end or a terminal escape.
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace streamer
