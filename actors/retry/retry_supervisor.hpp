#pragma once

#include "actors/dlq/dlq_gauge.hpp"
#include "actors/retry/dlq_guard.hpp"
#include "actors/retry/held_release.hpp"
#include "actors/retry/outcome_totals.hpp"
#include "actors/retry/retry_schedule.hpp"
#include "config/settings.hpp"
#include "messages/actor_messages.hpp"
#include "messages/live_value.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace streamer {

/// What a retry supervisor is made from.
struct retry_context {
  std::uint64_t seed = 0; ///< of the jitter
  /// For failures that no handler stands for.
  live_value<std::shared_ptr<const failure_policy>> fallback;
  dlq_settings dlq;
  std::shared_ptr<dlq_gauge> gauge;
  std::shared_ptr<const outcome_totals> totals;
  std::shared_ptr<telemetry> metrics;
  log_handle log;
};

/// State of the retry supervisor: says of each failed attempt whether there is another,
/// and when its time has come; and keeps what is spent from the DLQ while its guard holds. It knows
/// slots and times and no records, so nothing is lost with it: the partition consumers report again
/// to its successor.
class retry_supervisor_state {
 public:
  static inline const char* name = "retry_supervisor";

  retry_supervisor_state(retry_supervisor_actor::pointer self, retry_context context);
  ~retry_supervisor_state();
  retry_supervisor_state(const retry_supervisor_state&) = delete;
  retry_supervisor_state& operator=(const retry_supervisor_state&) = delete;

  retry_supervisor_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  struct waiting {
    partition_consumer_actor origin;
    assignment_epoch epoch;
    slot_id slot;
  };

  /// Verdicts for several partitions, one message each.
  struct verdict_batches {
    std::map<assignment_epoch, std::pair<partition_consumer_actor, retry_verdicts>> by_epoch;

    retry_verdicts& of(const waiting& w) {
      auto& [origin, verdicts] = by_epoch[w.epoch];
      origin = w.origin;
      return verdicts;
    }
    void send(retry_supervisor_actor::pointer self) {
      for (auto& [epoch, to] : by_epoch) {
        self->send(to.first, std::move(to.second));
      }
    }
  };

  /// A spent record that waits a moment for what becomes of others.
  struct suspect {
    waiting who;
    dead_letter_reason reason;
    clock::time_point until;
  };

  void on_failed(const failed_records& msg);
  void on_gone(assignment_epoch epoch);
  void on_held_succeeded(const held_record_succeeded& msg);
  [[nodiscard]] retry_time on_time_wanted(const retry_time_wanted& msg) const;
  void on_tick();
  void arm();

  // The DLQ guard
  void observe_successes(std::uint64_t just_now);
  [[nodiscard]] bool hold_back(const failed_records& msg, const failed_record& r);
  void alarm();
  void resumed(std::string_view why);
  void hold_suspects();
  void let_go_suspects();
  void work_off_held();
  void release_held();
  void release_ended(assignment_epoch epoch, slot_id slot, bool failed);
  void publish_held();
  [[nodiscard]] bool is_probe(assignment_epoch epoch, slot_id slot) const {
    return probe_ && probe_->epoch == epoch && probe_->slot == slot;
  }

  retry_supervisor_actor::pointer self_;
  retry_context context_;
  std::mt19937_64 random_;
  log_handle log_;
  std::multimap<clock::time_point, waiting> schedule_;
  std::optional<dlq_guard> guard_; // absent: switched off
  std::deque<suspect> suspects_;   // in the order of their time
  std::deque<waiting> held_;
  std::optional<waiting> probe_; // out of `held_` while its attempt runs
  held_release release_;
  std::set<std::pair<assignment_epoch, slot_id>> released_; // have their chance after an outage
  clock::time_point tripped_at_;
  gauge_ref holding_;
  gauge_ref held_records_;
  counter_ref probes_ok_;
  counter_ref probes_failed_;
  bool armed_ = false;
};

} // namespace streamer
