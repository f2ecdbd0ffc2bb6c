// How admin_client waits for one answer. Internal to runtime/kafka.
#pragma once

#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/handles.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Keeps the last error that came without a request: it says why no request is answered.
class admin_hooks final : public client_hooks {
 public:
  admin_hooks(log_handle log, kafka_settings kafka)
      : client_hooks{std::move(log)}, kafka_{std::move(kafka)} {}
  void on_error(rd_kafka_resp_err_t code, std::string_view reason) override;

  /// Why no broker lets this client in, and what to do about it; empty while nothing says so.
  [[nodiscard]] const std::string& refused() const { return refused_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  kafka_settings kafka_;
  std::string refused_;
  std::string reason_;
};

using admin_options_ptr =
    std::unique_ptr<rd_kafka_AdminOptions_t, destroy_with<rd_kafka_AdminOptions_destroy>>;

/// The client behind an admin_client. The hooks outlive the client.
struct admin_client::connection {
  settings config;
  std::chrono::milliseconds timeout;
  admin_hooks hooks;
  client_ptr client;
  /// A consumer that never joins: `committed` alone asks through it, see there.
  client_ptr group_reader;
  std::atomic<bool> cancelled{false}; ///< set by another thread: no answer is waited for any more

  connection(const settings& wanted, std::chrono::milliseconds limit, const log_handle& log)
      : config{wanted}, timeout{limit}, hooks{log, wanted.kafka} {}

  /// Options with the deadline, for `operation`.
  [[nodiscard]] admin_options_ptr options(rd_kafka_admin_op_t operation) const;

  using send_fn = std::function<void(rd_kafka_queue_t*)>;
  using inner_error_fn = std::function<rd_kafka_resp_err_t(rd_kafka_event_t*)>;

  /// Calls `send` with a queue of `asker` and waits for the answer there. A failure of the request
  /// as a whole becomes one line that begins with `what`. Asks again while a coordinator moves,
  /// whether the answer as a whole says so or, by `inner_error`, the one group in it.
  [[nodiscard]] result<event_ptr> ask(std::string_view what, rd_kafka_t* asker, const send_fn& send,
                                      const inner_error_fn& inner_error = {});

  /// The brokers; on success the answer is the caller's to destroy.
  [[nodiscard]] rd_kafka_resp_err_t metadata(const struct rd_kafka_metadata*& answer) const;

  /// The configuration of topics or brokers; those that may not be seen are absent.
  [[nodiscard]] result<std::map<std::string, broker_settings>> settings_of_all(
      rd_kafka_ResourceType_t type, const std::vector<std::string>& names);

  /// One line for a request that failed: what, where, why.
  [[nodiscard]] std::string explain(std::string_view what, rd_kafka_resp_err_t code,
                                    std::string_view text) const;
};

} // namespace streamer
