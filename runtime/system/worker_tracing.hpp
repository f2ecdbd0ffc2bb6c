#pragma once

#include "config/settings.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"
#include "runtime/telemetry/telemetry.hpp"
#include "runtime/tracing/tracer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace streamer {

/// A worker's traces from its start to its end; nothing of it without observability.otlp_endpoint.
class worker_tracing {
 public:
  worker_tracing(std::shared_ptr<telemetry> metrics, const log_handle& log)
      : metrics_{std::move(metrics)}, log_{log.with("tracing")} {}

  /// Loads what traces, where it is asked for. One line if that fails. A collector that does not
  /// answer is no failure.
  [[nodiscard]] std::optional<std::string> start(const observability_settings& config,
                                                 const std::string& group,
                                                 const std::string& client, std::uint64_t seed);
  /// For the actors; null: nothing is traced.
  [[nodiscard]] std::shared_ptr<const tracer> tracing() const { return tracer_; }
  /// Before a scrape; any thread.
  void refresh_metrics() const;
  /// Now and then, by one thread: says that spans are dropped, once a minute at most.
  void watch(std::chrono::steady_clock::time_point now);
  /// No record is under way any more: exports what is queued, for a second and one export at most.
  void close();

 private:
  std::shared_ptr<telemetry> metrics_;
  log_handle log_;
  std::string endpoint_;
  std::shared_ptr<const tracer> tracer_;
  every looked_{std::chrono::seconds{1}};
  every told_{std::chrono::minutes{1}};
  std::uint64_t dropped_ = 0; // that the log has been told of
};

} // namespace streamer
