#pragma once

#include "actors/supervision/root_supervisor.hpp"
#include "config/load.hpp"
#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"
#include "runtime/http/endpoint.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/system/run_worker.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace streamer {

/// Why a worker did not start.
struct start_failure {
  int exit_code = 1;
  std::string what; ///< one line: what, which value, what to do
};

/// A running worker: Kafka clients, actors, and the HTTP addresses. Members may be called from
/// any thread.
class worker {
 public:
  /// Starts everything; the first records may come before this returns. `registry` must have
  /// every kind that `config.handlers` names. A broker that is down is no failure.
  [[nodiscard]] static std::unique_ptr<worker> start(const settings& config,
                                                     const handler_registry& registry,
                                                     const log_handle& log, start_failure& failure,
                                                     const worker_options& options = {});
  /// Ends at once if it has not ended yet; what is unfinished is read again by the next owner.
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Begins the orderly stop.
  void request_stop();
  /// Takes over what may change while it runs of a configuration that was read again, and says in
  /// one line of the log what changed and what needs a restart. One that does not hold together
  /// changes nothing. By the thread that waits for the end.
  void reload(const load_result& found);
  /// Waits for the end; nothing if it has not come by then.
  [[nodiscard]] std::optional<worker_end> wait_for(std::chrono::milliseconds time);

  [[nodiscard]] endpoint metrics_address() const;
  [[nodiscard]] endpoint admin_address() const;
  /// Whether /readyz would answer 200.
  [[nodiscard]] bool ready() const;
  /// Whether a broker has answered since all of them were last down.
  [[nodiscard]] bool connected() const;
  /// There are partitions, and each has given a record or come to its end: what is sent from now
  /// on does not wait for the first read.
  [[nodiscard]] bool reading() const;
  /// The actors as they are now.
  [[nodiscard]] const actor_board& board() const;
  /// The same as GET /status: one JSON object.
  [[nodiscard]] std::string status_json() const;
  /// The same as GET /metrics.
  [[nodiscard]] std::string metrics_text() const;

 private:
  class impl;
  explicit worker(std::unique_ptr<impl> running);
  std::unique_ptr<impl> impl_;
};

} // namespace streamer
