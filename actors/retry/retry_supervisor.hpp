#pragma once

#include "actors/retry/retry_schedule.hpp"
#include "messages/actor_interfaces.hpp"
#include "runtime/logging/log.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>

namespace streamer {

/// State of the retry supervisor: says of each failed attempt whether there is another,
/// and when its time has come. It knows slots and times and no records, so nothing is
/// lost with it: the partition consumers report again to its successor.
class retry_supervisor_state {
 public:
  static inline const char* name = "retry_supervisor";

  /// `seed` starts the jitter; `fallback` is for failures that no handler stands for.
  retry_supervisor_state(retry_supervisor_actor::pointer self, std::uint64_t seed,
                         std::shared_ptr<const failure_policy> fallback, log_handle log);

  retry_supervisor_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  struct waiting {
    partition_consumer_actor origin;
    assignment_epoch epoch;
    slot_id slot;
  };

  void on_failed(const failed_records& msg);
  void on_tick();
  void arm();

  retry_supervisor_actor::pointer self_;
  std::mt19937_64 random_;
  std::shared_ptr<const failure_policy> fallback_;
  log_handle log_;
  std::multimap<clock::time_point, waiting> schedule_;
  bool armed_ = false;
};

} // namespace streamer
