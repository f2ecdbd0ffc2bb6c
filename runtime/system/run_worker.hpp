#pragma once

#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// How a worker differs from its configuration.
struct worker_options {
  /// Its brokers are an in-process mock cluster, which ends with it.
  bool embedded = false;
};

/// `streamer --role consumer`: a worker until SIGTERM or SIGINT; a second signal ends it at once.
/// If it is to be embedded, starts that cluster too. Returns the exit code (0 done, 1 failed,
/// 2 bad configuration, 3 fatal Kafka error, 5 stopped with records unfinished); failures are told
/// in one line on stderr.
[[nodiscard]] int run_worker(const settings& config, const handler_registry& registry,
                             const worker_options& options, const log_handle& log);

} // namespace streamer
