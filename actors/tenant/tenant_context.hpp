#pragma once

#include "actors/consumer/consumer_context.hpp"
#include "actors/supervision/restart_intensity.hpp"
#include "actors/tenant/blocking_pool.hpp"
#include "actors/tenant/handler_calls.hpp"
#include "actors/tenant/handler_router.hpp"
#include "config/settings.hpp"
#include "messages/actor_messages.hpp"
#include "messages/handler.hpp"
#include "messages/live_value.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/telemetry.hpp"
#include "runtime/tracing/tracer.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace streamer {

/// One [[handlers]] entry, ready to run.
struct handler_entry {
  std::string name; ///< its kind, for logs
  any_handler run;
  live_value<std::shared_ptr<const failure_policy>> policy; ///< a reload replaces it
  std::chrono::milliseconds timeout{30'000};
  std::shared_ptr<blocking_pool> pool; ///< of a blocking handler
  bool conflates = false;              ///< of several waiting records of a key it takes the newest
};

/// What all tenant handlers of a worker share.
struct tenant_context {
  handler_router router;
  std::vector<handler_entry> handlers;
  unmatched_policy unmatched = unmatched_policy::dead_letter;
  live_value<std::size_t> batch_size{100};
  restart_limits restarts;
  /// For records that no handler takes.
  live_value<std::shared_ptr<const failure_policy>> fallback_policy;
  std::shared_ptr<progress_gauge> progress;
  std::shared_ptr<fence_counters> fences;
  std::shared_ptr<telemetry> metrics;
  log_handle log;
  std::shared_ptr<outcome_totals> totals = std::make_shared<outcome_totals>();
  std::shared_ptr<handler_calls> calls = std::make_shared<handler_calls>();
  std::shared_ptr<const tracer> tracing{}; ///< null: nothing is traced
};

using tenant_context_ptr = std::shared_ptr<const tenant_context>;

} // namespace streamer
