#pragma once

#include "config/settings.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// observability.log_level as a logger takes it.
[[nodiscard]] inline log_level level_of(log_level_kind kind) {
  switch (kind) {
    case log_level_kind::trace: return log_level::trace;
    case log_level_kind::debug: return log_level::debug;
    case log_level_kind::info: return log_level::info;
    case log_level_kind::warn: return log_level::warn;
    case log_level_kind::error: return log_level::error;
  }
  return log_level::info;
}

} // namespace streamer
