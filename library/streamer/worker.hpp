#pragma once

/// @file
/// What a worker with handlers of one's own is put together from: `handler_registry` names them,
/// `standard_sources` and `load` read the configuration, `add_builtin_handlers` adds `log`,
/// `discard` and `forward`, and `run_worker` is the worker until SIGTERM.

#include "config/load.hpp"               // IWYU pragma: export
#include "runtime/handlers/builtin.hpp"  // IWYU pragma: export
#include "runtime/handlers/registry.hpp" // IWYU pragma: export
#include "runtime/logging/log.hpp"       // IWYU pragma: export
#include "runtime/system/run_worker.hpp" // IWYU pragma: export
