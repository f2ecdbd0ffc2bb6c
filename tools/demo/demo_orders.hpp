// The handler of the demo, as a user would write one.
#pragma once

#include <cstdint>
#include <string>

#include "messages/handler.hpp"

namespace streamer::tools {

/// The attempt at which a payment with a busy gateway goes through.
inline constexpr std::uint32_t demo_healing_attempt = 3;

/// Books paid orders: emits each to `output`, with its key, value and headers, and retries or
/// rejects those whose payment did not go through.
[[nodiscard]] record_function demo_orders(std::string output);

} // namespace streamer::tools
