#pragma once

#include <string_view>

namespace streamer {

/// Matches `text` against a glob of `*` (any run) and `?` (any one byte).
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text);

} // namespace streamer
