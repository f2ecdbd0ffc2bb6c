#include "actors/supervision/root_supervisor.hpp"

#include "actors/consumer/consumer_supervisor.hpp"
#include "actors/retry/retry_supervisor.hpp"
#include "actors/supervision/actor_guards.hpp"
#include "actors/tenant/tenant_supervisor.hpp"

#include <caf/send.hpp>

#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds tick_period{100};

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
  context_.board->put({name, name, "", 0, self_->address()});
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

void root_supervisor_state::watch(const std::string& kind, const caf::actor_addr& address) {
  kinds_.emplace(address, kind);
  context_.board->put({kind, kind, name, restarts_[kind], address});
}

void root_supervisor_state::start_producer() {
  links_.producer = self_->spawn<producer_actor::stateful_impl<producer_state>>(context_.producer);
  self_->monitor(links_.producer);
  watch("producer", links_.producer.address());
}

void root_supervisor_state::start_dlq() {
  links_.dlq =
      self_->spawn<dlq_supervisor_actor::stateful_impl<dlq_supervisor_state>>(context_.dlq, links_);
  self_->monitor(links_.dlq);
  watch("dlq_supervisor", links_.dlq.address());
}

void root_supervisor_state::start_retry() {
  links_.retry =
      self_->spawn<retry_supervisor_actor::stateful_impl<retry_supervisor_state>>(retry_context{
          context_.seed, context_.tenant->fallback_policy, context_.dlq.dlq, context_.dlq.gauge,
          context_.consumer->totals, context_.consumer->metrics, context_.log.with("retry")});
  self_->monitor(links_.retry);
  watch("retry_supervisor", links_.retry.address());
}

void root_supervisor_state::start_quarantine() {
  links_.quarantine =
      self_->spawn<quarantine_actor::stateful_impl<quarantine_state>>(context_.quarantine);
  self_->monitor(links_.quarantine);
  watch("quarantine", links_.quarantine.address());
}

void root_supervisor_state::start_tenants() {
  links_.tenants = self_->spawn<tenant_supervisor_actor::stateful_impl<tenant_supervisor_state>>(
      context_.tenant, links_, context_.board, root_supervisor_actor{self_});
  self_->monitor(links_.tenants);
  watch("tenant_supervisor", links_.tenants.address());
}

void root_supervisor_state::start_consumers() {
  consumers_ = self_->spawn<consumer_supervisor_actor::stateful_impl<consumer_supervisor_state>>(
      context_.consumer, context_.router, links_, context_.board, root_supervisor_actor{self_},
      context_.restarts);
  self_->monitor(consumers_);
  watch("consumer_supervisor", consumers_.address());
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
  if (!intensity_.allow(self_->clock().now())) {
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
