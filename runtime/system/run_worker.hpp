#pragma once

#include "config/load.hpp"
#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

#include <functional>

namespace streamer {

/// How a worker differs from its configuration.
struct worker_options {
  /// Its brokers are an in-process mock cluster, which ends with it.
  bool embedded = false;
  /// Reads the configuration again at SIGHUP; empty: the signal is left alone.
  std::function<load_result()> reload{};
  /// Changes the level of the log that the worker writes to; empty: it stays. Thread-safe.
  std::function<void(log_level)> set_log_level{};
};

/// `streamer --role consumer`: a worker until SIGTERM or SIGINT; a second signal ends it at once.
/// At SIGHUP it takes over what may change while it runs (config/reload_plan.hpp). If it is to be
/// embedded, starts that cluster too. Returns the exit code (0 done, 1 failed, 2 bad configuration,
/// 3 fatal Kafka error, 5 stopped with records unfinished); failures are told in one line on
/// stderr.
[[nodiscard]] int run_worker(const settings& config, const handler_registry& registry,
                             const worker_options& options, const log_handle& log);

} // namespace streamer
