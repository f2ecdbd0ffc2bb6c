#pragma once

#include "actors/consumer/tenant_pauses.hpp"
#include "runtime/http/message.hpp"
#include "runtime/kafka/consumer_client.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace streamer {

/// What operators change through.
struct control_parts {
  std::shared_ptr<consumer_client> source;
  std::shared_ptr<tenant_pauses> tenants;
  std::shared_ptr<telemetry> metrics;
  std::function<void(log_level)> set_level; ///< empty: the program has not given it away
  log_handle log;
};

/// Carries out what is posted to /control/…: the caller has looked at the token. Each change is
/// logged with who asked for it, and counted. Used by the HTTP server's thread, which waits for the
/// brokers for a few seconds at most when a partition is to be moved.
class worker_control {
 public:
  explicit worker_control(control_parts parts) : parts_{std::move(parts)} {}

  [[nodiscard]] http_response pause(const http_request& request);
  [[nodiscard]] http_response resume(const http_request& request);
  [[nodiscard]] http_response seek(const http_request& request);
  [[nodiscard]] http_response set_log_level(const http_request& request);

 private:
  http_response switch_pause(const http_request& request, bool on);
  http_response switch_partition(const topic_partition& tp, const http_request& request, bool on);
  http_response switch_tenant(const std::string& tenant, const http_request& request, bool on);
  http_response refuse(std::string_view action, unsigned status, std::string line);
  void count(std::string_view action, bool done);

  control_parts parts_;
};

} // namespace streamer
