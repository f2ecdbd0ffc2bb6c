#include "runtime/kafka/admin.hpp"

#include "runtime/kafka/admin_connection.hpp"
#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/refusal.hpp"

#include <regex>
#include <thread>
#include <utility>

namespace streamer {
namespace {

// The request's own timeout ends it; this is for the case that the client does not answer at all.
constexpr std::chrono::milliseconds answer_grace{2'000};
constexpr std::chrono::milliseconds poll_step{100};
constexpr std::chrono::milliseconds retry_pause{200};

bool means_unreachable(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE ||
         code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
         code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__WAIT_COORD;
}

bool means_moving_coordinator(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

} // namespace

std::string kafka_client_version() { return rd_kafka_version_str(); }

bool pattern_takes(const std::string& pattern, const std::string& topic) {
  try {
    return std::regex_search(topic, std::regex{pattern, std::regex::extended});
  } catch (const std::regex_error&) {
    return false;
  }
}

void admin_hooks::on_error(rd_kafka_resp_err_t code, std::string_view reason) {
  client_hooks::on_error(code, reason);
  const auto what = refusal_of(code, reason, certificate_error());
  if (what != refusal::none && refused_.empty()) {
    refused_ = advice_on(what, reason, kafka_);
  }
  // "All brokers down" follows the reason proper and says less.
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || reason_.empty()) {
    // "… Connection refused (after 0ms in state CONNECT, …)": the rest is for the debug log.
    reason_ = reason.substr(0, reason.find(" (after "));
  }
}

admin_options_ptr admin_client::connection::options(rd_kafka_admin_op_t operation) const {
  admin_options_ptr made{rd_kafka_AdminOptions_new(client.get(), operation)};
  // Of all operations only some know this option, and of those all take any sane value.
  const auto limit = static_cast<int>(timeout.count());
  (void)rd_kafka_AdminOptions_set_request_timeout(made.get(), limit, nullptr, 0);
  return made;
}

result<event_ptr> admin_client::connection::ask(std::string_view what, rd_kafka_t* asker,
                                                const send_fn& send,
                                                const inner_error_fn& inner_error) {
  using answer = result<event_ptr>;
  const queue_ptr queue{rd_kafka_queue_new(asker)};
  const auto deadline = std::chrono::steady_clock::now() + timeout + answer_grace;
  send(queue.get());
  while (std::chrono::steady_clock::now() < deadline && !cancelled.load()) {
    rd_kafka_poll(client.get(), 0);
    event_ptr event{rd_kafka_queue_poll(queue.get(), static_cast<int>(poll_step.count()))};
    if (!event) {
      if (!hooks.refused().empty()) {
        return answer::failure(explain(what, RD_KAFKA_RESP_ERR__AUTHENTICATION, hooks.reason()));
      }
      continue;
    }
    const auto code = rd_kafka_event_error(event.get());
    const auto inner =
        code == RD_KAFKA_RESP_ERR_NO_ERROR && inner_error ? inner_error(event.get()) : code;
    const bool again = means_moving_coordinator(inner) &&
                       std::chrono::steady_clock::now() + retry_pause < deadline;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && !again) {
      return event;
    }
    if (!again) {
      return answer::failure(explain(what, code, rd_kafka_event_error_string(event.get())));
    }
    std::this_thread::sleep_for(retry_pause);
    send(queue.get());
  }
  return answer::failure(explain(what, RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer"));
}

std::string admin_client::connection::explain(std::string_view what, rd_kafka_resp_err_t code,
                                              std::string_view text) const {
  const auto& servers = config.kafka.bootstrap_servers;
  std::string line{what};
  line += ": ";
  if (!hooks.refused().empty()) {
    return line + hooks.refused() + " (" + hooks.reason() + ")";
  }
  if (is_authentication_failure(code)) {
    return line + "the brokers at " + servers + " refuse the login or the right (" +
           std::string{text} + "); check the [kafka] section and the access rights";
  }
  if (means_unreachable(code)) {
    line += "no broker at " + servers + " answered within " +
            std::to_string(timeout.count() / 1000) + " s";
    if (!hooks.reason().empty()) {
      line += " (" + hooks.reason() + ")";
    }
    return line + "; check kafka.bootstrap_servers and that the brokers run";
  }
  return line + std::string{text} + " (" + error_name(code) + ")";
}

result<std::unique_ptr<admin_client>> admin_client::open(const settings& config,
                                                         const log_handle& log,
                                                         std::chrono::milliseconds timeout) {
  auto opened = std::make_unique<connection>(config, timeout, log);
  auto client = make_client(config, client_role::admin, opened->hooks);
  if (!client) {
    return result<std::unique_ptr<admin_client>>::failure(client.error());
  }
  opened->client = std::move(client).value();
  return std::unique_ptr<admin_client>{new admin_client{std::move(opened)}};
}

admin_client::admin_client(std::unique_ptr<connection> opened) : connection_{std::move(opened)} {}

admin_client::~admin_client() = default;

bool admin_client::refused() const { return !refusal().empty(); }

std::string admin_client::refusal() const { return connection_->hooks.refused(); }

} // namespace streamer
