// Whether a client reaches its brokers, from the errors that librdkafka reports. Internal.
#pragma once

#include "config/settings.hpp"
#include "runtime/kafka/client_hooks.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace streamer {

/// Counts and logs the errors of one client that belong to no request. Counters may be read by any
/// thread; the rest belongs to the thread that serves the client.
class client_health : public client_hooks {
 public:
  /// `what` names the client in log lines: "consumer", "producer". Clients that one thread serves
  /// may share `refused_line`, since they are refused together.
  client_health(log_handle log, std::string_view what, kafka_settings kafka,
                std::shared_ptr<every> refused_line = new_refused_line());
  [[nodiscard]] static std::shared_ptr<every> new_refused_line();

  void on_error(rd_kafka_resp_err_t code, std::string_view reason) override;

  /// A broker has answered a request.
  void answered() noexcept;

  [[nodiscard]] bool connected() const { return connected_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool authenticated() const {
    return authenticated_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t auth_failures() const {
    return auth_failures_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t broker_errors() const {
    return broker_errors_.load(std::memory_order_relaxed);
  }
  /// A fatal error was reported; `fatal_reason` asks the client for it.
  [[nodiscard]] bool fatal() const { return fatal_.load(std::memory_order_relaxed); }

 private:
  void on_refusal(rd_kafka_resp_err_t code, std::string_view reason, std::string_view advice);

  std::string what_;
  kafka_settings kafka_;
  std::string last_reason_; ///< why a broker could not be reached
  std::atomic<bool> connected_{false};
  std::atomic<bool> authenticated_{true};
  std::atomic<bool> fatal_{false};
  std::atomic<std::uint64_t> auth_failures_{0};
  std::atomic<std::uint64_t> broker_errors_{0};
  every down_line_{std::chrono::seconds{30}};
  std::shared_ptr<every> refused_line_;
};

/// True if any broker answers within half a second; blocks as long. Not by DescribeCluster: up to
/// 2.14.2 at least, librdkafka aborts the process when the answer of a broker that is just starting
/// names no broker.
[[nodiscard]] bool brokers_answer(rd_kafka_t& client);

/// Gives a client the user and password of `kafka` for logins from now on. Logins that failed are
/// tried again at once.
void set_login(rd_kafka_t& client, const kafka_settings& kafka);

/// The client's fatal error as one line, or empty text.
[[nodiscard]] std::string fatal_reason(rd_kafka_t& client);

} // namespace streamer
