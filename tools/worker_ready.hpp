// Waiting for a worker of this process.
#pragma once

#include <optional>
#include <string>

#include "runtime/system/worker.hpp"
#include "tools/stop_signal.hpp"

namespace streamer::tools {

/// Waits until the worker has its partitions, at most 60 s. A line if it has none: it ended before,
/// a stop was requested, or nobody gave it any.
[[nodiscard]] std::optional<std::string> wait_until_ready(worker& running, const stop_signal& stop);

} // namespace streamer::tools
