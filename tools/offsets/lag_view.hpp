// How `process lag` shows lags.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/kafka/lag_math.hpp"

namespace streamer::tools {

/// A table with a total, and the notes below it; at most `width` characters a line.
[[nodiscard]] std::string lag_table(const std::vector<partition_lag>& lags, std::size_t width);

/// One JSON object in one line, without a line end. Ages in ms; what is not known is null.
[[nodiscard]] std::string lag_json(const std::string& group_id,
                                   const std::vector<partition_lag>& lags);

} // namespace streamer::tools
