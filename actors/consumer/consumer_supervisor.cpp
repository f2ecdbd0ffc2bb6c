#include "actors/consumer/consumer_supervisor.hpp"

#include "actors/consumer/partition_consumer.hpp"
#include "actors/supervision/actor_guards.hpp"
#include "actors/supervision/watched_actor.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds tick_period{100};
// Of those that are at rest. With 48 partitions and nothing to do, ticks were a sixth of all CPU
// time.
constexpr std::uint64_t ticks_at_rest = 10;
// A partition consumer that has not released by now never will.
constexpr std::chrono::seconds overdue{2};

std::string board_name(const topic_partition& tp) { return "partition_consumer/" + to_string(tp); }

} // namespace

consumer_supervisor_state::consumer_supervisor_state(
    consumer_supervisor_actor::pointer self, consumer_context_ptr context,
    std::shared_ptr<record_router> router, actor_links links, std::shared_ptr<actor_board> board,
    root_supervisor_actor root, restart_limits limits)
    : self_{self},
      context_{std::move(context)},
      router_{std::move(router)},
      links_{std::move(links)},
      board_{std::move(board)},
      root_{std::move(root)},
      log_{context_->log.with("consumers")},
      intensity_{limits},
      assigned_{context_->metrics->gauge(metric::assigned_partitions)} {}

consumer_supervisor_state::~consumer_supervisor_state() {
  for (auto& [epoch, c] : children_) {
    board_->remove(board_name(c.tp));
    caf::anon_send_exit(c.actor, caf::exit_reason::user_shutdown);
  }
}

consumer_supervisor_actor::behavior_type consumer_supervisor_state::make_behavior() {
  install_guards(self_, log_);
  self_->set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  board_->put_budget(name, intensity_);
  self_->delayed_send(self_, tick_period, tick{});
  take_over_orphans();
  return {
      [this](const partitions_assigned& msg) { on_assigned(msg); },
      [this](const partitions_revoking& msg) { on_revoking(msg); },
      [this](const partitions_stopping& msg) { on_stopping(msg); },
      [this](const partitions_lost& msg) { on_lost(msg); },
      [this](const commits_answered& msg) { on_commits(msg); },
      [this](const source_left&) { self_->send(root_, stopped_); },
      [this](const partition_released& msg) { on_released(msg); },
      [this](const drain& msg) { on_drain(msg); },
      [this](const links_changed& msg) {
        links_ = msg.links;
        for (auto& [epoch, c] : children_) {
          self_->send(c.actor, links_changed{links_});
        }
      },
      [this](const tick&) { on_tick(); },
  };
}

// A predecessor's partitions are read again from their committed offsets. Their consumers
// end first, so that everybody forgets what is left of their epochs: a key that waits
// for a record of a dead epoch would wait for ever.
void consumer_supervisor_state::take_over_orphans() {
  std::vector<assignment_epoch> unstarted;
  for (const auto epoch : router_->epochs()) {
    auto orphan = router_->find(epoch);
    if (!orphan) {
      router_->remove(epoch);
      unstarted.push_back(epoch);
      continue;
    }
    self_->monitor(orphan);
    self_->send_exit(orphan, caf::exit_reason::kill);
    epochs_by_address_.emplace(orphan.address(), epoch);
    children_.emplace(epoch, child{std::move(orphan), {}, false, true});
  }
  if (!unstarted.empty()) {
    context_->source->restart(std::move(unstarted));
  }
}

void consumer_supervisor_state::start(const assigned_partition& partition) {
  auto vitals = std::make_shared<actor_vitals>();
  auto at_rest = std::make_shared<std::atomic<bool>>(false);
  auto actor = self_->spawn<watched_actor<partition_consumer_actor, partition_consumer_state>>(
      vitals, context_, partition, links_, consumer_supervisor_actor{self_}, at_rest);
  self_->monitor(actor);
  epochs_by_address_.emplace(actor.address(), partition.epoch);
  router_->add(partition.epoch, actor);
  board_->put({board_name(partition.tp), "partition_consumer", name, restarts_[partition.tp],
               actor.address(), std::move(vitals)});
  children_.emplace(partition.epoch,
                    child{std::move(actor), partition.tp, false, false, {}, std::move(at_rest)});
  assigned_.set(static_cast<double>(children_.size()));
}

void consumer_supervisor_state::on_assigned(const partitions_assigned& msg) {
  std::vector<assignment_epoch> epochs;
  for (const auto& partition : msg.partitions) {
    start(partition);
    epochs.push_back(partition.epoch);
  }
  if (!drain_deadline_) {
    context_->source->start(std::move(epochs));
    return;
  }
  // Came too late to be worked on.
  for (const auto epoch : epochs) {
    drain_child(children_.at(epoch), *drain_deadline_);
  }
}

void consumer_supervisor_state::drain_child(child& c, clock::time_point deadline) {
  const auto now = self_->clock().now();
  // Half of the budget for what is queued, the other half for what runs.
  drain_child(c, now + std::max<clock::duration>((deadline - now) / 2, clock::duration::zero()),
              deadline);
}

// A rebalance or the worker's stop may come into a pause's drain, which had more time.
void consumer_supervisor_state::drain_child(child& c, clock::time_point cut,
                                            clock::time_point deadline) {
  const bool sooner = !c.deadline || deadline < *c.deadline;
  if (c.leaving && !sooner) {
    return;
  }
  c.leaving = true;
  c.deadline = deadline;
  self_->send(c.actor, drain_partition{cut, deadline});
}

void consumer_supervisor_state::on_revoking(const partitions_revoking& msg) {
  const auto deadline = self_->clock().now() + context_->consumer.drain_timeout;
  for (const auto epoch : msg.epochs) {
    const auto c = children_.find(epoch);
    if (c != children_.end()) {
      drain_child(c->second, deadline);
    } else {
      context_->source->release(epoch, std::nullopt);
    }
  }
}

void consumer_supervisor_state::on_stopping(const partitions_stopping& msg) {
  const auto now = self_->clock().now();
  for (const auto epoch : msg.epochs) {
    const auto c = children_.find(epoch);
    if (c != children_.end()) {
      drain_child(c->second, now, now + context_->longest_attempt);
    } else {
      context_->source->release(epoch, std::nullopt);
    }
  }
}

void consumer_supervisor_state::on_lost(const partitions_lost& msg) {
  for (const auto epoch : msg.epochs) {
    const auto c = children_.find(epoch);
    if (c != children_.end()) {
      c->second.leaving = true;
      self_->send(c->second.actor, give_up_partition{});
    }
  }
}

void consumer_supervisor_state::on_commits(const commits_answered& msg) {
  for (const auto& r : msg.results) {
    const auto c = children_.find(r.epoch);
    if (c != children_.end()) {
      self_->send(c->second.actor, commit_answer{r});
    }
  }
}

void consumer_supervisor_state::on_released(const partition_released& msg) {
  if (drain_deadline_) {
    // What a rebalance cut short has long been read again elsewhere when this worker stops.
    stopped_.fenced_running += msg.fenced_running;
    stopped_.unwritten_dead_letters += msg.unwritten_dead_letters;
  }
  forget(msg.epoch);
  leave_when_drained();
}

// Whoever still has something of the epoch may forget it.
void consumer_supervisor_state::forget(assignment_epoch epoch) {
  const auto c = children_.find(epoch);
  if (c == children_.end()) {
    return;
  }
  const auto actor = c->second.actor;
  const partition_gone gone{epoch, actor};
  self_->send(links_.tenants, gone);
  self_->send(links_.retry, gone);
  self_->send(links_.dlq, gone);
  self_->send(links_.quarantine, gone);
  self_->demonitor(actor);
  epochs_by_address_.erase(actor.address());
  router_->remove(epoch);
  // The partition may have come back under a new epoch already.
  const bool again = std::any_of(children_.begin(), children_.end(), [&](const auto& other) {
    return other.first != epoch && other.second.tp == c->second.tp;
  });
  if (!again) {
    board_->remove(board_name(c->second.tp));
  }
  children_.erase(c);
  assigned_.set(static_cast<double>(children_.size()));
}

void consumer_supervisor_state::on_down(const caf::down_msg& down) {
  const auto found = epochs_by_address_.find(down.source);
  if (found == epochs_by_address_.end()) {
    return;
  }
  const auto epoch = found->second;
  const auto failed = children_.at(epoch);
  const auto reason = caf::to_string(down.reason);
  forget(epoch);
  if (failed.leaving) {
    context_->source->release(epoch, std::nullopt);
    leave_when_drained();
    return;
  }
  if (failed.orphan) {
    context_->source->restart({epoch});
    return;
  }
  const auto now = self_->clock().now();
  board_->put_failure(board_name(failed.tp), {reason, now});
  const bool again = intensity_.allow(now);
  board_->put_budget(name, intensity_);
  if (!again) {
    self_->send(
        root_, escalation{"the partition consumers failed more often than " +
                          std::to_string(intensity_.limits().max_restarts) +
                          " times in their window; last: " + to_string(failed.tp) + ", " + reason});
    return;
  }
  ++restarts_[failed.tp];
  context_->metrics->counter(metric::actor_restarts, {{"kind", "partition_consumer"}}).add();
  log_.error("actor_restarted",
             "a partition consumer failed: its partition is read again from "
             "the committed offset",
             {{"kind", "partition_consumer"},
              {"topic", failed.tp.topic},
              {"partition", failed.tp.partition.value()},
              {"reason", reason}});
  context_->source->restart({epoch});
}

void consumer_supervisor_state::on_drain(const drain& msg) {
  drain_deadline_ = msg.deadline;
  context_->source->stop_intake();
  for (auto& [epoch, c] : children_) {
    drain_child(c, msg.deadline);
  }
  leave_when_drained();
}

void consumer_supervisor_state::leave_when_drained() {
  if (drain_deadline_ && children_.empty() && !std::exchange(left_, true)) {
    context_->source->leave();
  }
}

void consumer_supervisor_state::on_tick() {
  const auto now = self_->clock().now();
  const bool all = ++ticks_ % ticks_at_rest == 0;
  for (auto& [epoch, c] : children_) {
    if (all || !c.at_rest || !c.at_rest->load(std::memory_order_relaxed)) {
      self_->send(c.actor, tick{});
    }
  }
  if (drain_deadline_ && !left_ && now > *drain_deadline_ + overdue) {
    for (const auto& [epoch, c] : children_) {
      log_.error("drain_overdue", "a partition consumer did not end in time and is left behind",
                 {{"topic", c.tp.topic}, {"partition", c.tp.partition.value()}});
      ++stopped_.fenced_running;
    }
    left_ = true;
    context_->source->leave();
  }
  self_->delayed_send(self_, tick_period, tick{});
}

} // namespace streamer
