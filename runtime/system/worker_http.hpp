#pragma once

#include "config/settings.hpp"
#include "runtime/http/endpoint.hpp"
#include "runtime/http/health.hpp"
#include "runtime/http/server.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"
#include "runtime/system/worker.hpp"
#include "runtime/system/worker_control.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

class token_file;

/// What a worker's two HTTP addresses answer with. All of them are called by the servers' threads.
struct worker_answers {
  std::function<std::string()> metrics;
  std::function<health_verdict()> liveness;
  std::function<health_verdict()> readiness;
  std::function<std::string()> status;
  std::function<std::string()> dashboard_event;
  std::function<http_response(const http_request&)> explain;
};

/// The servers of observability.metrics_addr and admin.addr. The addresses are bound before
/// anything joins the group: one that is taken must not cost the group a rebalance. Until `serve`
/// they say that the worker is starting.
class worker_http {
 public:
  explicit worker_http(const log_handle& log) : log_{log} {}

  [[nodiscard]] bool start(const settings& config, const worker_answers& answers,
                           start_failure& failure);
  /// What the answers are made of is there. `control` outlives the servers.
  void serve(worker_control& control);
  [[nodiscard]] bool serving() const { return control_.load(std::memory_order_acquire) != nullptr; }
  /// Waits for the answers that are being given.
  void close();

  [[nodiscard]] endpoint metrics_address() const { return metrics_->bound(); }
  [[nodiscard]] endpoint admin_address() const { return admin_->bound(); }

 private:
  using answer = std::function<http_response(const http_request&)>;
  using change = http_response (worker_control::*)(const http_request&);

  [[nodiscard]] answer once_serving(answer given) const;
  [[nodiscard]] http_route changing(const char* path, change ask,
                                    const std::shared_ptr<token_file>& token);
  [[nodiscard]] http_response unauthorized(const http_request& request, http_response refusal);
  [[nodiscard]] std::optional<http_server> listen(const char* key, const std::string& address,
                                                  std::vector<http_route> routes,
                                                  start_failure& failure) const;

  log_handle log_;
  every unauthorized_line_{std::chrono::seconds{10}}; // of the admin server's thread
  std::atomic<worker_control*> control_{nullptr};
  std::optional<http_server> metrics_;
  std::optional<http_server> admin_;
};

} // namespace streamer
