#include "runtime/http/health.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace streamer {
namespace {

constexpr unsigned status_ok = 200;
constexpr unsigned status_unavailable = 503;

using std::chrono::steady_clock;

void refuse(health_verdict& verdict, std::string_view id, std::string text) {
  verdict.ok = false;
  verdict.reasons.push_back({id, std::move(text)});
}

/// Adds a reason if `since` is longer ago than `most`.
void check_age(health_verdict& verdict, steady_clock::time_point now,
               steady_clock::time_point since, std::chrono::milliseconds most, std::string_view id,
               std::string_view what) {
  if (now - since > most) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - since).count();
    refuse(verdict, id,
           std::string{what} + " for " + std::to_string(age) + " ms, allowed are " +
               std::to_string(most.count()));
  }
}

/// What stands between the worker and records, the first cause only.
void check_membership(health_verdict& verdict, const readiness_input& input) {
  if (input.authentication_failed) {
    refuse(verdict, "authentication_failed", "a broker refused the login");
  } else if (!input.connected) {
    refuse(verdict, "not_connected", "no broker answers");
  } else if (!input.joined) {
    refuse(verdict, "not_joined", "not a member of the consumer group yet");
  } else if (!input.assignment_known) {
    refuse(verdict, "not_assigned", "the group has not assigned partitions yet");
  }
}

} // namespace

bool runnable(const work_counts& work) noexcept {
  return work.ready > 0 || work.overdue > 0 || work.retry_due > 0;
}

void progress_watch::sample(const work_counts& work, std::uint64_t progress,
                            time_point now) noexcept {
  if (!runnable(work)) {
    since_.reset();
  } else if (!since_ || progress != progress_) {
    since_ = now;
  }
  progress_ = progress;
}

health_verdict judge_liveness(const liveness_input& input) {
  health_verdict verdict;
  check_age(verdict, input.now, input.last_poll, input.max_stall, "poll_loop_dead",
            "the poll loop has not come round");
  check_age(verdict, input.now, input.last_schedule, input.max_stall, "scheduler_dead",
            "the actor scheduler has not answered");
  if (input.runnable_work_stands_since) {
    check_age(verdict, input.now, *input.runnable_work_stands_since, input.max_stall,
              "runnable_work_stalled", "work that could run has not moved");
  }
  return verdict;
}

health_verdict judge_readiness(const readiness_input& input) {
  health_verdict verdict;
  check_membership(verdict, input);
  if (input.draining) {
    refuse(verdict, "draining", "stopping: no new records are taken");
  }
  if (input.dlq_waiting_partitions > 0) {
    refuse(verdict, "dlq_waiting",
           std::to_string(input.dlq_waiting_partitions) +
               " partitions wait for the dead letter topic");
  }
  if (input.dlq_guard_holds) {
    refuse(verdict, "dlq_guard",
           "dlq guard holds: many tenants fail alike, so nothing is dead-lettered");
  }
  return verdict;
}

http_response health_response(const health_verdict& verdict) {
  auto reasons = nlohmann::ordered_json::array();
  for (const auto& reason : verdict.reasons) {
    reasons.push_back({{"id", reason.id}, {"text", reason.text}});
  }
  const nlohmann::ordered_json body{{"status", verdict.ok ? "ok" : "failed"},
                                    {"reasons", std::move(reasons)}};
  return {verdict.ok ? status_ok : status_unavailable, "application/json", body.dump() + "\n", {}};
}

} // namespace streamer
