#include "actors/retry/retry_supervisor.hpp"

#include "actors/retry/failure_rule.hpp"
#include "actors/supervision/actor_guards.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace streamer {

retry_supervisor_state::retry_supervisor_state(retry_supervisor_actor::pointer self,
                                               std::uint64_t seed,
                                               std::shared_ptr<const failure_policy> fallback,
                                               log_handle log)
    : self_{self}, random_{seed}, fallback_{std::move(fallback)}, log_{std::move(log)} {}

retry_supervisor_actor::behavior_type retry_supervisor_state::make_behavior() {
  install_guards(self_, log_);
  return {
      [this](const failed_records& msg) { on_failed(msg); },
      [this](const partition_gone& msg) {
        std::erase_if(schedule_, [&](const auto& w) { return w.second.epoch == msg.epoch; });
      },
      [this](const tick&) {
        armed_ = false;
        on_tick();
      },
  };
}

void retry_supervisor_state::on_failed(const failed_records& msg) {
  const auto now = self_->clock().now();
  retry_verdicts verdicts;
  for (const auto& r : msg.records) {
    const auto& policy = r.policy ? *r.policy : *fallback_;
    std::optional<std::chrono::milliseconds> delay;
    // Told apart from the handler's own word, which retry_on and reject_on overrule.
    auto judged = outcome_kind::reject;
    if (r.cause == failure_class::handler_restart) {
      delay = policy.retry.initial_backoff; // the record is not to blame
    } else if (worth_retrying(r.kind, r.cause, r.exception, policy.retry_on, policy.reject_on)) {
      judged = outcome_kind::retry;
      delay = next_attempt_in(policy.retry, r.attempts, r.elapsed, random_);
    }
    if (delay) {
      schedule_.emplace(now + *delay, waiting{msg.origin, msg.epoch, r.slot});
    } else {
      verdicts.spent.push_back({r.slot, reason_for(judged, r.cause)});
    }
  }
  if (!verdicts.spent.empty()) {
    self_->send(msg.origin, std::move(verdicts));
  }
  arm();
}

void retry_supervisor_state::on_tick() {
  const auto now = self_->clock().now();
  std::map<assignment_epoch, std::pair<partition_consumer_actor, retry_verdicts>> due;
  while (!schedule_.empty() && schedule_.begin()->first <= now) {
    auto& w = schedule_.begin()->second;
    auto& [origin, verdicts] = due[w.epoch];
    origin = w.origin;
    verdicts.due.push_back(w.slot);
    schedule_.erase(schedule_.begin());
  }
  for (auto& [epoch, to] : due) {
    self_->send(to.first, std::move(to.second));
  }
  arm();
}

void retry_supervisor_state::arm() {
  if (armed_ || schedule_.empty()) {
    return;
  }
  armed_ = true;
  const std::chrono::nanoseconds wait = schedule_.begin()->first - self_->clock().now();
  // Short, because a record that fails later may be due earlier, and because a
  // pending timer keeps a stopping system alive.
  constexpr std::chrono::nanoseconds shortest = std::chrono::milliseconds{1};
  constexpr std::chrono::nanoseconds recheck = std::chrono::milliseconds{10};
  self_->delayed_send(self_, std::clamp(wait, shortest, recheck), tick{});
}

} // namespace streamer
