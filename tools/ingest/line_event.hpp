// JSON lines as `--role producer` reads them from stdin.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "messages/record.hpp"

namespace streamer::tools {

/// One line, taken apart.
struct line_event {
  std::optional<std::string> key;        ///< absent: a null key
  std::optional<std::string> value;      ///< absent: a null value (a tombstone)
  bool value_is_json = false;            ///< it was given as JSON, not as a string
  std::vector<owned_header> headers;     ///< in the order of the line's object, by name
  std::optional<std::string> tenant;     ///< ce_tenantid
  std::optional<std::string> event_type; ///< ce_type: makes the record a CloudEvent
};

/// Reads `{"key":…,"value":…,"headers":{…},"tenant":…,"event_type":…}`; every member is optional
/// but `value`. `value`: a string is written as it is, null is a tombstone, any other JSON is
/// written as compact JSON. `key`, `tenant`, `event_type`: strings; `headers`: strings or null. Or
/// one line that says what is wrong, without repeating any content but names.
[[nodiscard]] std::variant<line_event, std::string> read_line_event(std::string_view line);

} // namespace streamer::tools
