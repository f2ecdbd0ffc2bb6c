#include "runtime/kafka/client_health.hpp"

#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/refusal.hpp"

#include <array>
#include <utility>

namespace streamer {

client_health::client_health(log_handle log, std::string_view what, kafka_settings kafka,
                             std::shared_ptr<every> refused_line)
    : client_hooks{std::move(log)},
      what_{what},
      kafka_{std::move(kafka)},
      refused_line_{std::move(refused_line)} {}

std::shared_ptr<every> client_health::new_refused_line() {
  return std::make_shared<every>(std::chrono::seconds{30});
}

void client_health::on_error(rd_kafka_resp_err_t code, std::string_view reason) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_.store(true, std::memory_order_relaxed);
    return;
  }
  broker_errors_.fetch_add(1, std::memory_order_relaxed);
  if (const auto what = refusal_of(code, reason, certificate_error()); what != refusal::none) {
    on_refusal(code, reason, advice_on(what, reason, kafka_));
    return;
  }
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    last_reason_ = reason;
    log().debug("kafka_error", reason, {{"client", what_}, {"error", error_name(code)}});
    return;
  }
  connected_.store(false, std::memory_order_relaxed);
  // Who is not let in has said why.
  if (!authenticated()) {
    return;
  }
  if (const auto suppressed = down_line_.pass(every::clock::now())) {
    log().warn("kafka_brokers_down",
               "no broker can be reached; waiting for kafka.bootstrap_servers to answer",
               {{"client", what_},
                {"brokers", kafka_.bootstrap_servers},
                {"reason", last_reason_.empty() ? reason : last_reason_},
                {"suppressed", *suppressed}});
  }
}

void client_health::on_refusal(rd_kafka_resp_err_t code, std::string_view reason,
                               std::string_view advice) {
  authenticated_.store(false, std::memory_order_relaxed);
  auth_failures_.fetch_add(1, std::memory_order_relaxed);
  if (const auto suppressed = refused_line_->pass(every::clock::now())) {
    log().error("kafka_authentication_failed", advice,
                {{"client", what_},
                 {"error", error_name(code)},
                 {"reason", reason},
                 {"suppressed", *suppressed}});
  }
}

void client_health::answered() noexcept {
  if (!connected_.exchange(true, std::memory_order_relaxed)) {
    down_line_.reset();
  }
  if (!authenticated_.exchange(true, std::memory_order_relaxed)) {
    refused_line_->reset();
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

void set_login(rd_kafka_t& client, const kafka_settings& kafka) {
  // Refused only where user or password is missing.
  const error_ptr ignored{rd_kafka_sasl_set_credentials(&client, kafka.sasl_username.c_str(),
                                                        kafka.sasl_password.reveal().data())};
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
