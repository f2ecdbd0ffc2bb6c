#pragma once

#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// Adds the kinds that every worker has: `log` (a sample of the records, payload not
/// shown), `discard`, and `forward` (to the topic `to`, keeping key, value and headers).
void add_builtin_handlers(handler_registry& registry, const log_handle& log);

} // namespace streamer
