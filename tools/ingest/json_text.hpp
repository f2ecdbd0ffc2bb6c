// JSON given by people: accepted or refused with the place of the error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace streamer::tools {

/// Why `text` is not one JSON value, with the position: "at byte 17 (line 2, column 7): …", without
/// the parenthesis in a text of one line. Nothing if it is one. No part of the text is repeated.
[[nodiscard]] std::optional<std::string> json_problem(std::string_view text);

} // namespace streamer::tools
