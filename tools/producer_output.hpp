// The producer actor as commands use it.
#pragma once

#include <memory>

#include "config/settings.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"
#include "tools/produce/event_output.hpp"

namespace streamer::tools {

/// Starts a producer; does not wait for a broker. Fails with one line.
[[nodiscard]] result<std::unique_ptr<event_output>> open_producer_output(const settings& config,
                                                                         const log_handle& log);

} // namespace streamer::tools
