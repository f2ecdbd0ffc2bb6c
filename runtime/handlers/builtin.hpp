#pragma once

#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// Adds the kinds that every worker has: `log` (a sample of the records, payload not
/// shown), `discard`, `forward` (to the topic `to`, keeping key, value and headers), `subprocess`
/// (child processes that speak JSON lines) and `http` (a server that is asked).
void add_builtin_handlers(handler_registry& registry, const log_handle& log);

} // namespace streamer
