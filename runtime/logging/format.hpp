// Turns a log entry into one line of text or JSON. Pure: the time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "runtime/logging/log.hpp"

namespace streamer {

/// Text longer than this many bytes is cut, and the number of bytes left out is shown.
inline constexpr std::size_t max_log_text = 4096;

/// Everything that one line says.
struct log_entry {
  std::chrono::system_clock::time_point time;
  log_level level = log_level::info;
  std::string_view component;
  std::string_view event;
  std::string_view message;
  std::span<const log_field> fields;
};

/// `time level component event message name=value…`, without a line end. Values with spaces,
/// quotes, `=`, or anything escaped are quoted, so that a line can be taken apart again.
[[nodiscard]] std::string format_text(const log_entry& entry);

/// One JSON object in plain ASCII, without a line end: time, level, component, event, message, then
/// the fields. A field that bears one of those five names gets the prefix `field_`; of two fields
/// with one name the last counts; numbers that are not finite become null.
[[nodiscard]] std::string format_json(const log_entry& entry);

/// `text` as it may stand on a terminal: line ends, control characters, terminal escapes, and
/// characters that reorder or hide text are written as escapes, invalid UTF-8 as U+FFFD.
[[nodiscard]] std::string escape_text(std::string_view text);

/// UTC with milliseconds: 2024-02-29T12:00:00.000Z.
[[nodiscard]] std::string format_time(std::chrono::system_clock::time_point time);

} // namespace streamer
