#include "actors/retry/retry_supervisor.hpp"

#include "actors/retry/failure_rule.hpp"
#include "actors/supervision/actor_guards.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace streamer {
namespace {

// The failures of one tenant come together. In an outage those of the others come in this time.
constexpr std::chrono::milliseconds longest_suspicion{250};

std::optional<dlq_guard> guard_of(const dlq_settings& dlq) {
  if (dlq.guard == guard_kind::off) {
    return std::nullopt;
  }
  guard_limits limits;
  limits.share = dlq.guard_share;
  limits.window = dlq.guard_window;
  return dlq_guard{limits};
}

} // namespace

retry_supervisor_state::retry_supervisor_state(retry_supervisor_actor::pointer self,
                                               retry_context context)
    : self_{self},
      context_{std::move(context)},
      random_{context_.seed},
      log_{context_.log},
      guard_{guard_of(context_.dlq)},
      holding_{context_.metrics->gauge(metric::dlq_guard_holding)},
      held_records_{context_.metrics->gauge(metric::dlq_guard_held_records)},
      probes_ok_{context_.metrics->counter(metric::dlq_guard_probes, {{"result", "ok"}})},
      probes_failed_{context_.metrics->counter(metric::dlq_guard_probes, {{"result", "failed"}})} {}

retry_supervisor_state::~retry_supervisor_state() {
  context_.gauge->guard_holds.store(false);
  holding_.set(0);
  held_records_.set(0);
}

retry_supervisor_actor::behavior_type retry_supervisor_state::make_behavior() {
  install_guards(self_, log_);
  return {
      [this](const failed_records& msg) { on_failed(msg); },
      [this](const held_record_succeeded& msg) { on_held_succeeded(msg); },
      [this](const retry_time_wanted& msg) { return on_time_wanted(msg); },
      [this](const partition_gone& msg) { on_gone(msg.epoch); },
      [this](const tick&) {
        armed_ = false;
        on_tick();
      },
  };
}

void retry_supervisor_state::on_failed(const failed_records& msg) {
  const auto now = self_->clock().now();
  observe_successes(msg.succeeded);
  retry_verdicts verdicts;
  for (const auto& r : msg.records) {
    const auto held = r.policy ? r.policy : context_.fallback.get();
    const auto& policy = *held;
    std::optional<std::chrono::milliseconds> delay;
    // Told apart from the handler's own word, which retry_on and reject_on overrule.
    auto judged = outcome_kind::reject;
    if (r.cause == failure_class::handler_restart) {
      delay = policy.retry.initial_backoff; // the record is not to blame
    } else if (worth_retrying(r.kind, r.cause, r.exception, policy.retry_on, policy.reject_on)) {
      judged = outcome_kind::retry;
      delay = next_attempt_in(policy.retry, r.attempts, r.elapsed, random_);
    }
    // A probe's failure is an answer; its record waits with the others again.
    const bool probe = is_probe(msg.epoch, r.slot) && r.cause != failure_class::handler_restart;
    const bool had_its_chance = released_.contains({msg.epoch, r.slot});
    if (had_its_chance) {
      release_ended(msg.epoch, r.slot, true);
    }
    // Failed during the outage and after its end: poison, which must not trip the guard again.
    const bool poison = had_its_chance && !guard_->holding();
    if (delay && !probe) {
      schedule_.emplace(now + *delay, waiting{msg.origin, msg.epoch, r.slot});
    } else if (!poison && hold_back(msg, r)) {
      verdicts.held.push_back(r.slot);
    } else if (!poison && guard_ && may_be_an_outage(r.cause) && guard_->suspects()) {
      suspects_.push_back(
          {{msg.origin, msg.epoch, r.slot}, reason_for(judged, r.cause), now + longest_suspicion});
    } else {
      verdicts.spent.push_back({r.slot, reason_for(judged, r.cause)});
    }
  }
  if (!verdicts.spent.empty() || !verdicts.held.empty()) {
    self_->send(msg.origin, std::move(verdicts));
  }
  arm();
}

void retry_supervisor_state::on_gone(assignment_epoch epoch) {
  std::erase_if(schedule_, [&](const auto& w) { return w.second.epoch == epoch; });
  std::erase_if(suspects_, [&](const auto& s) { return s.who.epoch == epoch; });
  std::erase_if(held_, [&](const auto& w) { return w.epoch == epoch; });
  for (auto r = released_.lower_bound({epoch, slot_id{}});
       r != released_.end() && r->first == epoch; r = released_.lower_bound({epoch, slot_id{}})) {
    release_ended(epoch, r->second, false);
  }
  if (probe_ && probe_->epoch == epoch) {
    probe_.reset();
    guard_->probe_lost();
  }
  publish_held();
}

// Asked for by people, so it may look through all that waits.
retry_time retry_supervisor_state::on_time_wanted(const retry_time_wanted& msg) const {
  const auto is_meant = [&](const waiting& w) {
    return w.epoch == msg.epoch && w.slot == msg.slot;
  };
  const auto scheduled =
      std::ranges::find_if(schedule_, [&](const auto& entry) { return is_meant(entry.second); });
  if (scheduled != schedule_.end()) {
    return {scheduled->first, false};
  }
  return {std::nullopt, std::ranges::any_of(held_, is_meant)};
}

void retry_supervisor_state::on_tick() {
  const auto now = self_->clock().now();
  verdict_batches batches;
  for (; !schedule_.empty() && schedule_.begin()->first <= now;
       schedule_.erase(schedule_.begin())) {
    const auto& w = schedule_.begin()->second;
    batches.of(w).due.push_back(w.slot);
  }
  batches.send(self_);
  let_go_suspects();
  work_off_held();
  arm();
}

void retry_supervisor_state::arm() {
  const bool guarding = guard_ && (guard_->holding() || !held_.empty() || !suspects_.empty());
  if (armed_ || (schedule_.empty() && !guarding)) {
    return;
  }
  armed_ = true;
  // Short, because a record that fails later may be due earlier, and because a
  // pending timer keeps a stopping system alive.
  constexpr std::chrono::nanoseconds shortest = std::chrono::milliseconds{1};
  constexpr std::chrono::nanoseconds recheck = std::chrono::milliseconds{10};
  const std::chrono::nanoseconds wait =
      schedule_.empty() ? recheck : schedule_.begin()->first - self_->clock().now();
  self_->delayed_send(self_, std::clamp(wait, shortest, recheck), tick{});
}

// ------------------------------------------------------------------ the DLQ guard

void retry_supervisor_state::observe_successes(std::uint64_t just_now) {
  if (guard_) {
    guard_->observe(context_.totals->succeeded.load(std::memory_order_relaxed), just_now,
                    context_.totals->tenants.load(std::memory_order_relaxed));
  }
}

// Whether a record that is spent waits for the end of an outage instead.
bool retry_supervisor_state::hold_back(const failed_records& msg, const failed_record& r) {
  const auto now = self_->clock().now();
  if (is_probe(msg.epoch, r.slot)) {
    probe_.reset();
    guard_->probe_failed(now);
    probes_failed_.add();
  }
  if (!guard_ || !may_be_an_outage(r.cause)) {
    return false;
  }
  const auto what = r.exception.empty() ? to_string(r.cause) : std::string_view{r.exception};
  if (!guard_->holds(now, r.tenant, what)) {
    return false;
  }
  // To the back: the next probe is another record, since this one may be poison as well.
  held_.push_back({msg.origin, msg.epoch, r.slot});
  alarm();
  hold_suspects();
  publish_held();
  return true;
}

void retry_supervisor_state::hold_suspects() {
  verdict_batches batches;
  for (auto& s : std::exchange(suspects_, {})) {
    batches.of(s.who).held.push_back(s.who.slot);
    held_.push_back(std::move(s.who));
  }
  batches.send(self_);
}

// Nobody else has failed like them: they are poison.
void retry_supervisor_state::let_go_suspects() {
  const auto now = self_->clock().now();
  verdict_batches batches;
  for (; !suspects_.empty() && suspects_.front().until <= now; suspects_.pop_front()) {
    const auto& s = suspects_.front();
    batches.of(s.who).spent.push_back({s.who.slot, s.reason});
  }
  batches.send(self_);
}

void retry_supervisor_state::alarm() {
  const auto why = guard_->take_alarm();
  if (!why) {
    return;
  }
  tripped_at_ = self_->clock().now();
  context_.metrics->counter(metric::dlq_guard_trips).add();
  log_.error(
      "dlq_guard_holds",
      "many tenants fail alike, which is an outage and not poison: nothing is dead-lettered, "
      "single records probe; dlq.guard = \"off\" writes them to the DLQ instead",
      {{"failure", why->failure},
       {"share", why->share},
       {"tenants", why->tenants},
       {"records", why->records}});
}

void retry_supervisor_state::on_held_succeeded(const held_record_succeeded& msg) {
  release_ended(msg.epoch, msg.slot, false);
  if (!is_probe(msg.epoch, msg.slot)) {
    return;
  }
  probe_.reset();
  probes_ok_.add();
  const bool held = guard_->holding();
  guard_->probe_succeeded(self_->clock().now());
  if (held && !guard_->holding()) {
    resumed("probes");
  }
  publish_held();
}

void retry_supervisor_state::resumed(std::string_view why) {
  released_.clear();
  release_.begin(self_->clock().now());
  const auto lasted =
      std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - tripped_at_);
  log_.warn("dlq_guard_resumed",
            "the outage is over: what was held is attempted again, and dead letters are written",
            {{"told_by", why}, {"held_records", held_.size()}, {"lasted_ms", lasted.count()}});
}

// While it holds, one record at a time; after it, all of them, in portions.
void retry_supervisor_state::work_off_held() {
  if (!guard_) {
    return;
  }
  const auto now = self_->clock().now();
  if (guard_->holding()) {
    observe_successes(0);
    if (guard_->resume_if_others_succeed(now)) {
      resumed("other records");
    }
  }
  if (held_.empty()) {
    publish_held();
    return;
  }
  if (guard_->probe_due(now)) {
    guard_->probe_started();
    probe_ = std::move(held_.front());
    held_.pop_front();
    self_->send(probe_->origin, retry_verdicts{{probe_->slot}, {}});
  }
  if (!guard_->holding()) {
    release_held();
  }
  publish_held();
}

void retry_supervisor_state::release_held() {
  const auto now = self_->clock().now();
  const auto portion = std::min(release_.due(now), held_.size());
  if (portion == 0) {
    return;
  }
  release_.started(now, portion, context_.totals->succeeded.load(std::memory_order_relaxed));
  verdict_batches batches;
  for (std::size_t n = 0; n < portion; ++n) {
    const auto& w = held_.front();
    batches.of(w).due.push_back(w.slot);
    released_.emplace(w.epoch, w.slot);
    held_.pop_front();
  }
  batches.send(self_);
}

void retry_supervisor_state::release_ended(assignment_epoch epoch, slot_id slot, bool failed) {
  if (released_.erase({epoch, slot}) > 0) {
    release_.ended(self_->clock().now(), failed,
                   context_.totals->succeeded.load(std::memory_order_relaxed));
  }
}

void retry_supervisor_state::publish_held() {
  const bool holds = guard_ && guard_->holding();
  context_.gauge->guard_holds.store(holds);
  holding_.set(holds ? 1 : 0);
  held_records_.set(static_cast<double>(held_.size() + (probe_ ? 1 : 0)));
}

} // namespace streamer
