#pragma once

#include "actors/consumer/consumer_context.hpp"
#include "actors/consumer/quarantine.hpp"
#include "actors/consumer/record_router.hpp"
#include "actors/dlq/dlq_supervisor.hpp"
#include "actors/inspection/inspector.hpp"
#include "actors/producer/producer.hpp"
#include "actors/supervision/actor_board.hpp"
#include "actors/supervision/restart_intensity.hpp"
#include "actors/tenant/tenant_context.hpp"
#include "messages/actor_messages.hpp"
#include "messages/inspection_interface.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace streamer {

/// How a worker ended.
struct worker_end {
  int exit_code = 0;
  std::string what; ///< one line; empty when all went well
};

/// The current addresses of the actors that clients of blocking libraries talk to.
/// Written by the root supervisor, read by the clients' threads. Thread-safe.
class entry_points {
 public:
  void set(producer_actor producer, consumer_supervisor_actor consumers);
  [[nodiscard]] producer_actor producer() const;
  [[nodiscard]] consumer_supervisor_actor consumers() const;

 private:
  mutable std::mutex mutex_;
  producer_actor producer_;
  consumer_supervisor_actor consumers_;
};

/// Everything the tree is built from.
struct root_context {
  consumer_context_ptr consumer;
  tenant_context_ptr tenant;
  producer_context producer;
  dlq_context dlq;
  quarantine_context quarantine;
  std::shared_ptr<record_router> router;
  std::shared_ptr<entry_points> entries;
  std::shared_ptr<actor_board> board;
  /// Its own, which the board is told of; absent: nobody reads them.
  std::shared_ptr<actor_vitals> vitals;
  /// Absent: there is no inspector.
  std::optional<inspection_context> inspection;
  /// Makes an inspector known to other processes. Called from an actor for each that is started.
  std::function<void(const inspector_actor&)> publish;
  restart_limits restarts;
  std::uint64_t seed = 0; ///< of the retry jitter
  /// Called once, from an actor, when the worker has ended.
  std::function<void(worker_end)> on_end;
  log_handle log;
};

/// State of the root supervisor. Starts sinks first: producer, DLQ, retry, tenants,
/// consumers. Stops the other way round: source paused, in flight drained, offsets
/// committed, group left, then the rest.
class root_supervisor_state {
 public:
  static inline const char* name = "root_supervisor";

  root_supervisor_state(root_supervisor_actor::pointer self, root_context context);
  ~root_supervisor_state();
  root_supervisor_state(const root_supervisor_state&) = delete;
  root_supervisor_state& operator=(const root_supervisor_state&) = delete;

  root_supervisor_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  void start_producer();
  void start_dlq();
  void start_retry();
  void start_quarantine();
  void start_tenants();
  void start_consumers();
  void start_inspector();
  void on_inspector_down(const std::string& reason);
  /// Makes a child, monitors it, and tells the board.
  template <class Actor, class State, class... Ts>
  Actor start_child(const std::string& kind, Ts&&... xs);
  void announce_links();
  void on_down(const caf::down_msg& down);
  void on_shutdown();
  void on_tick();
  void finish(worker_end end);

  root_supervisor_actor::pointer self_;
  root_context context_;
  log_handle log_;
  restart_intensity intensity_;
  restart_intensity inspector_intensity_;
  inspector_actor inspector_;
  actor_links links_;
  consumer_supervisor_actor consumers_;
  std::map<caf::actor_addr, std::string> kinds_;
  std::map<std::string, std::uint64_t> restarts_;
  clock::time_point started_at_;
  counter_ref fenced_;
  counter_ref stale_;
  counter_ref duplicate_;
  std::uint64_t stale_told_ = 0;
  gauge_ref in_flight_records_;
  gauge_ref in_flight_bytes_;
  bool stopping_ = false;
  bool ended_ = false;
};

} // namespace streamer
