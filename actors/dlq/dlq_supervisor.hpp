#pragma once

#include "actors/dlq/dlq_gauge.hpp"
#include "actors/dlq/header_dialects.hpp"
#include "config/settings.hpp"
#include "messages/actor_messages.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"
#include "runtime/telemetry/telemetry.hpp"
#include "runtime/tracing/tracer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What the DLQ supervisors of a process share.
struct dlq_context {
  dlq_settings dlq;
  std::string group;
  std::shared_ptr<dlq_gauge> gauge;
  std::shared_ptr<telemetry> metrics;
  log_handle log;
  std::shared_ptr<const tracer> tracing{}; ///< null: nothing is traced
};

/// State of the DLQ supervisor: writes dead letters and keeps at it until each is
/// acknowledged. The partition consumers hold the records; should this actor die, they
/// hand them to its successor.
class dlq_supervisor_state {
 public:
  static inline const char* name = "dlq_supervisor";

  dlq_supervisor_state(dlq_supervisor_actor::pointer self, dlq_context context, actor_links links);
  ~dlq_supervisor_state();
  dlq_supervisor_state(const dlq_supervisor_state&) = delete;
  dlq_supervisor_state& operator=(const dlq_supervisor_state&) = delete;

  dlq_supervisor_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  struct pending_letter {
    dead_letter letter;
    partition_consumer_actor origin;
    assignment_epoch epoch;
    clock::time_point since;
    bool as_pointer = false;         ///< the DLQ refused the whole record for its size
    bool sent = false;               ///< an answer is due
    std::optional<open_span> send{}; ///< since it was sent first, if the record is traced
  };

  void on_letters(const dead_letters& msg);
  void send_unsent();
  void on_answer(const std::vector<std::uint64_t>& ids, const event_batch& events,
                 const produce_results& answer);
  void trace(pending_letter& p, outbound_event& event) const;
  void on_refused(pending_letter& p, const delivery_result& why);
  [[nodiscard]] outbound_event make_event(const pending_letter& p) const;
  void on_tick();
  void arm();

  dlq_supervisor_actor::pointer self_;
  dlq_context context_;
  dialect_set dialects_;
  actor_links links_;
  log_handle log_;
  std::map<std::uint64_t, pending_letter> letters_; // in the order of their arrival
  std::uint64_t next_id_ = 0;
  gauge_ref waiting_records_;
  gauge_ref waiting_partitions_;
  every refusal_named_{std::chrono::seconds{10}};
  bool armed_ = false;
};

} // namespace streamer
