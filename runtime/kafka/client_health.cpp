#include "runtime/kafka/client_health.hpp"

#include "runtime/kafka/error_map.hpp"

#include <array>
#include <utility>

namespace streamer {

client_health::client_health(log_handle log, std::string_view what)
    : client_hooks{std::move(log)}, what_{what} {}

void client_health::on_error(rd_kafka_resp_err_t code, std::string_view reason) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_.store(true, std::memory_order_relaxed);
    return;
  }
  broker_errors_.fetch_add(1, std::memory_order_relaxed);
  const auto now = every::clock::now();
  if (is_authentication_failure(code)) {
    authenticated_.store(false, std::memory_order_relaxed);
    auth_failures_.fetch_add(1, std::memory_order_relaxed);
    if (const auto suppressed = refused_line_.pass(now)) {
      log().error("kafka_authentication_failed",
                  "the brokers refuse this client's credentials or certificate; "
                  "check the [kafka] section's security keys",
                  {{"client", what_},
                   {"error", error_name(code)},
                   {"reason", reason},
                   {"suppressed", *suppressed}});
    }
    return;
  }
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    connected_.store(false, std::memory_order_relaxed);
    if (const auto suppressed = down_line_.pass(now)) {
      log().warn("kafka_brokers_down",
                 "no broker can be reached; waiting for kafka.bootstrap_servers to answer",
                 {{"client", what_}, {"reason", reason}, {"suppressed", *suppressed}});
    }
    return;
  }
  log().debug("kafka_error", reason, {{"client", what_}, {"error", error_name(code)}});
}

void client_health::answered() noexcept {
  if (!connected_.exchange(true, std::memory_order_relaxed)) {
    down_line_.reset();
  }
  if (!authenticated_.exchange(true, std::memory_order_relaxed)) {
    refused_line_.reset();
  }
}

bool brokers_answer(rd_kafka_t& client) {
  constexpr int longest_ms = 500;
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(&client, 0, nullptr, &metadata, longest_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  rd_kafka_metadata_destroy(metadata);
  return true;
}

std::string fatal_reason(rd_kafka_t& client) {
  std::array<char, 512> reason{};
  const auto code = rd_kafka_fatal_error(&client, reason.data(), reason.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return std::string{error_name(code)} + ": " + reason.data();
}

} // namespace streamer
