#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// HTTP statuses: ranges with both ends.
using status_ranges = std::vector<std::pair<int, int>>;

/// Reads "200-299,304": statuses of 100 to 599 and ranges of them, separated by commas. An empty
/// text is no status at all; nothing is returned for any other text.
[[nodiscard]] std::optional<status_ranges> read_status_ranges(std::string_view text);

/// Whether one of the ranges has it.
[[nodiscard]] bool has_status(const status_ranges& ranges, int status);

} // namespace streamer
