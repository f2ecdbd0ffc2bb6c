// What librdkafka's callbacks of one client reach. Internal to runtime/kafka.
#pragma once

#include "runtime/kafka/handles.hpp"
#include "runtime/logging/log.hpp"

#include <atomic>
#include <string_view>

namespace streamer {

/// The opaque pointer of every client. Its log lines go to `log`; its errors to `on_error`.
/// Must outlive the client.
class client_hooks {
 public:
  explicit client_hooks(log_handle log) : log_{std::move(log)} {}
  client_hooks(const client_hooks&) = delete;
  client_hooks& operator=(const client_hooks&) = delete;
  virtual ~client_hooks() = default;

  /// An error that belongs to no request: a broker is down, authentication failed, or the client
  /// cannot go on (`RD_KAFKA_RESP_ERR__FATAL`). Most pass by themselves. Called by the thread that
  /// serves the client's main queue. The default writes a debug line.
  virtual void on_error(rd_kafka_resp_err_t code, std::string_view reason);

  [[nodiscard]] const log_handle& log() const { return log_; }

  /// What the verification of a broker's certificate found last (X509_V_ERR_…); 0: nothing. The
  /// library's own error says only that something was found. Any thread.
  [[nodiscard]] int certificate_error() const {
    return certificate_error_.load(std::memory_order_relaxed);
  }
  void note_certificate_error(int code) noexcept {
    certificate_error_.store(code, std::memory_order_relaxed);
  }

 private:
  log_handle log_;
  std::atomic<int> certificate_error_{0};
};

/// Routes the log and the errors of the client built from `conf` to `hooks`, also what is wrong
/// with a broker's certificate. Log lines arrive on librdkafka's own threads.
void install_hooks(rd_kafka_conf_t& conf, client_hooks& hooks);

} // namespace streamer
