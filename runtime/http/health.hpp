// Is the process alive, and may it be sent work? Pure decisions and their JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/message.hpp"

namespace streamer {

/// One reason for a "no": a stable snake_case id and a sentence for people.
struct health_reason {
  std::string_view id;
  std::string text;
};

/// A decision; `reasons` is empty exactly if `ok`.
struct health_verdict {
  bool ok = true;
  std::vector<health_reason> reasons;
};

/// The unfinished records of a worker, by what they wait for.
struct work_counts {
  /// Nothing holds them back: a handler, a thread and budget are free for them.
  std::uint64_t ready = 0;
  /// In a handler, within its timeout.
  std::uint64_t in_handler = 0;
  /// In a handler past its timeout and not fenced yet: somebody should have acted.
  std::uint64_t overdue = 0;
  /// Their next attempt lies in the future.
  std::uint64_t waiting_retry = 0;
  /// Their next attempt's time has come.
  std::uint64_t retry_due = 0;
  /// Behind a busy key, a full tenant, a full handler or the budget.
  std::uint64_t held = 0;
  /// For an output's acknowledgement, or a broker that is away.
  std::uint64_t waiting_output = 0;
  /// For the dead letter topic's acknowledgement.
  std::uint64_t waiting_dlq = 0;
};

/// Whether some of it could move without waiting for anybody else.
[[nodiscard]] bool runnable(const work_counts& work) noexcept;

/// Tells since when runnable work has not moved, from samples of a worker's counts. Not
/// thread-safe.
class progress_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes a sample. `progress` is any number that changes when work moves: records dispatched plus
  /// records finished. Several samples are needed within max_stall.
  void sample(const work_counts& work, std::uint64_t progress, time_point now) noexcept;

  /// Since when there has been runnable work without progress; nothing if there is none.
  [[nodiscard]] std::optional<time_point> standing_since() const noexcept { return since_; }

 private:
  std::optional<time_point> since_;
  std::uint64_t progress_ = 0;
};

/// What liveness is decided from.
struct liveness_input {
  std::chrono::steady_clock::time_point now;
  /// When the thread that polls Kafka last came round.
  std::chrono::steady_clock::time_point last_poll;
  /// When an actor last answered a tick through the scheduler.
  std::chrono::steady_clock::time_point last_schedule;
  /// See progress_watch.
  std::optional<std::chrono::steady_clock::time_point> runnable_work_stands_since;
  /// consumer.max_stall_ms.
  std::chrono::milliseconds max_stall{30000};
};

/// Fails only if the poll loop or the scheduler is dead or runnable work stands still, each for
/// longer than max_stall: what waits for others is readiness's business. Reasons: poll_loop_dead,
/// scheduler_dead, runnable_work_stalled.
[[nodiscard]] health_verdict judge_liveness(const liveness_input& input);

/// What readiness is decided from.
struct readiness_input {
  /// A broker answers.
  bool connected = false;
  /// The last login was refused.
  bool authentication_failed = false;
  /// The group has this worker as a member.
  bool joined = false;
  /// An assignment came, if only an empty one: an idle member stands by and is ready.
  bool assignment_known = false;
  bool draining = false;
  /// Partitions that wait because the dead letter topic is unavailable.
  std::uint64_t dlq_waiting_partitions = 0;
  /// The DLQ guard takes the failures for an outage.
  bool dlq_guard_holds = false;
};

/// Reasons: authentication_failed, not_connected, not_joined, not_assigned, draining, dlq_waiting,
/// dlq_guard.
/// Only the first of the first four is given: each is the cause of those behind it.
[[nodiscard]] health_verdict judge_readiness(const readiness_input& input);

/// The answer of /healthz and /readyz: 200 or 503 with `{"status":"ok"|"failed","reasons":[{"id":
/// …,"text":…}]}`.
[[nodiscard]] http_response health_response(const health_verdict& verdict);

} // namespace streamer
