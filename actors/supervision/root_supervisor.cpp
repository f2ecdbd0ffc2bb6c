#include "actors/supervision/root_supervisor.hpp"

#include "actors/consumer/consumer_supervisor.hpp"
#include "actors/retry/retry_supervisor.hpp"
#include "actors/supervision/actor_guards.hpp"
#include "actors/supervision/watched_actor.hpp"
#include "actors/tenant/tenant_supervisor.hpp"

#include <caf/send.hpp>

#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds tick_period{100};
// Whoever is let in at the inspection port may be able to end the inspector: that must not cost
// the worker its own budget.
constexpr restart_limits inspector_limits{5, std::chrono::milliseconds{60'000}};
constexpr const char* inspector_budget = "root_supervisor/inspector";

} // namespace

void entry_points::set(producer_actor producer, consumer_supervisor_actor consumers) {
  const std::lock_guard lock{mutex_};
  producer_ = std::move(producer);
  consumers_ = std::move(consumers);
}

producer_actor entry_points::producer() const {
  const std::lock_guard lock{mutex_};
  return producer_;
}

consumer_supervisor_actor entry_points::consumers() const {
  const std::lock_guard lock{mutex_};
  return consumers_;
}

root_supervisor_state::root_supervisor_state(root_supervisor_actor::pointer self,
                                             root_context context)
    : self_{self},
      context_{std::move(context)},
      log_{context_.log.with("root")},
      intensity_{context_.restarts},
      inspector_intensity_{inspector_limits},
      fenced_{context_.consumer->metrics->counter(metric::acknowledgements_dropped,
                                                  {{"cause", "fenced"}})},
      stale_{context_.consumer->metrics->counter(metric::acknowledgements_dropped,
                                                 {{"cause", "stale"}})},
      duplicate_{context_.consumer->metrics->counter(metric::acknowledgements_dropped,
                                                     {{"cause", "duplicate"}})},
      in_flight_records_{context_.consumer->metrics->gauge(metric::in_flight_records)},
      in_flight_bytes_{context_.consumer->metrics->gauge(metric::in_flight_bytes)} {}

// Every child is told to exit: one whose supervisor died would live on.
root_supervisor_state::~root_supervisor_state() {
  const auto reason = caf::exit_reason::user_shutdown;
  caf::anon_send_exit(inspector_, reason);
  caf::anon_send_exit(consumers_, reason);
  caf::anon_send_exit(links_.tenants, reason);
  caf::anon_send_exit(links_.quarantine, reason);
  caf::anon_send_exit(links_.retry, reason);
  caf::anon_send_exit(links_.dlq, reason);
  caf::anon_send_exit(links_.producer, reason);
  context_.entries->set({}, {});
}

root_supervisor_actor::behavior_type root_supervisor_state::make_behavior() {
  install_guards(self_, log_);
  self_->set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  started_at_ = self_->clock().now();
  context_.board->put({name, name, "", 0, self_->address(), context_.vitals});
  context_.board->put_budget(name, intensity_);
  const auto& limits = context_.consumer->credit->limits();
  auto& metrics = *context_.consumer->metrics;
  metrics.gauge(metric::in_flight_limit_records).set(static_cast<double>(limits.records));
  metrics.gauge(metric::in_flight_limit_bytes).set(static_cast<double>(limits.bytes));
  start_producer();
  start_dlq();
  start_retry();
  start_quarantine();
  start_tenants();
  start_consumers();
  start_inspector();
  announce_links();
  self_->delayed_send(self_, tick_period, tick{});
  return {
      [this](const shutdown_request&) { on_shutdown(); },
      [this](const source_failed& msg) {
        finish({msg.failure.exit_code, msg.failure.what});
      },
      [this](const sink_failed& msg) {
        finish({3, msg.what});
      },
      [this](const escalation& msg) {
        finish({1, msg.what});
      },
      [this](const consumers_stopped& msg) {
        if (msg.fenced_running + msg.unwritten_dead_letters > 0) {
          finish({5, "stopped with unfinished records, which will be read again: " +
                         std::to_string(msg.fenced_running) + " in running attempts, " +
                         std::to_string(msg.unwritten_dead_letters) + " waiting for the DLQ"});
        } else {
          finish({0, {}});
        }
      },
      [this](const tick&) { on_tick(); },
  };
}

template <class Actor, class State, class... Ts>
Actor root_supervisor_state::start_child(const std::string& kind, Ts&&... xs) {
  auto vitals = std::make_shared<actor_vitals>();
  auto child = self_->spawn<watched_actor<Actor, State>>(vitals, std::forward<Ts>(xs)...);
  self_->monitor(child);
  kinds_.emplace(child.address(), kind);
  context_.board->put({kind, kind, name, restarts_[kind], child.address(), std::move(vitals)});
  return child;
}

void root_supervisor_state::start_producer() {
  links_.producer = start_child<producer_actor, producer_state>("producer", context_.producer);
}

void root_supervisor_state::start_dlq() {
  links_.dlq = start_child<dlq_supervisor_actor, dlq_supervisor_state>("dlq_supervisor",
                                                                       context_.dlq, links_);
}

void root_supervisor_state::start_retry() {
  links_.retry = start_child<retry_supervisor_actor, retry_supervisor_state>(
      "retry_supervisor",
      retry_context{context_.seed, context_.tenant->fallback_policy, context_.dlq.dlq,
                    context_.dlq.gauge, context_.consumer->totals, context_.consumer->metrics,
                    context_.log.with("retry")});
}

void root_supervisor_state::start_quarantine() {
  links_.quarantine =
      start_child<quarantine_actor, quarantine_state>("quarantine", context_.quarantine);
}

void root_supervisor_state::start_tenants() {
  links_.tenants = start_child<tenant_supervisor_actor, tenant_supervisor_state>(
      "tenant_supervisor", context_.tenant, links_, context_.board, root_supervisor_actor{self_});
}

void root_supervisor_state::start_consumers() {
  consumers_ = start_child<consumer_supervisor_actor, consumer_supervisor_state>(
      "consumer_supervisor", context_.consumer, context_.router, links_, context_.board,
      root_supervisor_actor{self_}, context_.restarts);
}

void root_supervisor_state::start_inspector() {
  if (!context_.inspection) {
    return;
  }
  context_.board->put_budget(inspector_budget, inspector_intensity_);
  inspector_ =
      start_child<inspector_actor, inspector_state>(inspector_state::name, *context_.inspection);
  if (context_.publish) {
    context_.publish(inspector_);
  }
}

void root_supervisor_state::announce_links() {
  context_.entries->set(links_.producer, consumers_);
  self_->send(links_.dlq, links_changed{links_});
  self_->send(links_.tenants, links_changed{links_});
  self_->send(consumers_, links_changed{links_});
}

void root_supervisor_state::on_down(const caf::down_msg& down) {
  const auto found = kinds_.find(down.source);
  if (found == kinds_.end() || ended_) {
    return;
  }
  const auto kind = found->second;
  kinds_.erase(found);
  const auto reason = caf::to_string(down.reason);
  const auto now = self_->clock().now();
  context_.board->put_failure(kind, {reason, now});
  if (kind == inspector_state::name) {
    on_inspector_down(reason);
    return;
  }
  const bool again = intensity_.allow(now);
  context_.board->put_budget(name, intensity_);
  if (!again) {
    finish({1, "the actors of the root supervisor failed more often than " +
                   std::to_string(intensity_.limits().max_restarts) +
                   " times in their window; last: " + kind + ", " + reason});
    return;
  }
  ++restarts_[kind];
  context_.consumer->metrics->counter(metric::actor_restarts, {{"kind", kind}}).add();
  log_.error("actor_restarted", "an actor failed and is started anew",
             {{"kind", kind}, {"reason", reason}});
  if (kind == "producer") {
    start_producer();
  } else if (kind == "dlq_supervisor") {
    start_dlq();
  } else if (kind == "retry_supervisor") {
    start_retry();
  } else if (kind == "quarantine") {
    start_quarantine();
  } else if (kind == "tenant_supervisor") {
    start_tenants();
  } else {
    start_consumers();
    if (stopping_) {
      self_->send(consumers_,
                  drain{self_->clock().now() + context_.consumer->consumer.drain_timeout});
    }
  }
  announce_links();
}

void root_supervisor_state::on_inspector_down(const std::string& reason) {
  if (!inspector_intensity_.allow(self_->clock().now())) {
    context_.board->remove(inspector_state::name);
    log_.error("inspector_given_up",
               "the inspector failed too often and stays away; the records are not concerned",
               {{"reason", reason}});
    return;
  }
  ++restarts_[inspector_state::name];
  context_.consumer->metrics->counter(metric::actor_restarts, {{"kind", inspector_state::name}})
      .add();
  log_.error("actor_restarted", "an actor failed and is started anew",
             {{"kind", inspector_state::name}, {"reason", reason}});
  start_inspector();
}

void root_supervisor_state::on_shutdown() {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  log_.info("draining", "stopping: what is in flight is finished first",
            {{"drain_timeout_ms", context_.consumer->consumer.drain_timeout.count()},
             {"in_flight_records", context_.consumer->credit->held_records()}});
  self_->send(consumers_, drain{self_->clock().now() + context_.consumer->consumer.drain_timeout});
}

void root_supervisor_state::on_tick() {
  context_.consumer->progress->ticked(clock::now());
  const auto& fences = *context_.tenant->fences;
  const auto stale = fences.stale.load();
  const auto late = fences.late_completions.load() + fences.late_events.load() - stale;
  fenced_.add(late - fenced_.value());
  stale_.add(stale - std::exchange(stale_told_, stale)); // partitions count some themselves
  duplicate_.add(fences.repeated.load() - duplicate_.value());
  in_flight_records_.set(static_cast<double>(context_.consumer->credit->held_records()));
  in_flight_bytes_.set(static_cast<double>(context_.consumer->credit->held_bytes()));
  self_->delayed_send(self_, tick_period, tick{});
}

void root_supervisor_state::finish(worker_end end) {
  if (std::exchange(ended_, true)) {
    return;
  }
  context_.on_end(std::move(end));
  self_->quit();
}

} // namespace streamer
