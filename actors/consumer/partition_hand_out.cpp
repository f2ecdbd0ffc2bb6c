// The partition consumer's part that hands records out to the tenants' handlers, and
// again when a handler has lost them.
#include "actors/consumer/partition_consumer.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace streamer {
namespace {

// Small enough that no tenant waits long for the turn of another.
constexpr std::size_t longest_turn = 32;

} // namespace

turn_queue new_turn_queue(const consumer_settings& settings) {
  return turn_queue{std::min(settings.batch_size, longest_turn)};
}

void partition_consumer_state::dispatch(const std::shared_ptr<work_batch>& batch) {
  if (context_->consumer.ordering == ordering_kind::partition) {
    dispatch_in_partition_order(batch);
    return;
  }
  const auto order =
      batch->keep_order(groups_.sort(batch->items, tenants_.size(), [this](const work_item& item) {
        return is_failing(item.slot);
      }));
  const auto limit = handler_limit();
  const auto now = self_->clock().now();
  for (const auto& g : groups_.groups()) {
    auto& t = tenants_[g.tenant];
    const work_slice slice{batch, order.subspan(g.from, g.count)};
    const bool at_once = t.limiter == nullptr && !t.paused && turns_.backlog_of(g.tenant) == 0 &&
                         at_handlers_ + static_cast<std::int64_t>(g.count) <= limit;
    if (at_once) {
      send_work(g.tenant, {slice, work_kind::fresh}, now);
    } else {
      turns_.push(g.tenant, t.limiter == nullptr ? 1.0 : t.limiter->weight(), slice, g.count);
    }
  }
  want_turns();
}

// How many records this partition may have at handlers now.
std::int64_t partition_consumer_state::handler_limit() const {
  const auto& credit = *context_->credit;
  const auto since = in_hand_.oldest();
  return hand_out_limit({credit.limits(),
                         {credit.held_records(), credit.held_bytes()},
                         context_->assignment->assigned.load(std::memory_order_relaxed),
                         tenant_numbers_.size(),
                         at_handlers_,
                         since ? self_->clock().now() - *since : clock::duration{0},
                         context_->consumer.batch_size});
}

// Room comes back a few records at a time. Handed out at once, it would be slices of one or two
// records, outputs of one or two, and answers of as many: the silly window of RFC 813. What lies in
// the mailbox makes room first, so that slices grow with the load.
void partition_consumer_state::want_turns() {
  if (!turns_.empty() && !std::exchange(turns_wanted_, true)) {
    self_->send(self_, turns_due{});
  }
}

void partition_consumer_state::on_turns_due() {
  turns_wanted_ = false;
  take_turns();
  publish();
}

// Hands out what waits for a turn, by weight, as far as the handlers' room and the
// tenants' limits allow. Whoever is at a limit stays in the queue and in nobody's way.
void partition_consumer_state::take_turns() {
  if (turns_.empty() || draining_ || released_) {
    return;
  }
  const auto now = self_->clock().now();
  const auto limit = handler_limit();
  turns_.wake();
  while (at_handlers_ < limit) {
    auto next = turns_.take(static_cast<std::size_t>(limit - at_handlers_),
                            [&](std::uint32_t tenant, std::size_t count) {
                              return take_allowance(tenants_[tenant], count, now);
                            });
    if (!next) {
      return;
    }
    send_work(next->of, {next->item.part(next->from, next->count), work_kind::fresh}, now);
  }
}

std::size_t partition_consumer_state::take_allowance(tenant_entry& t, std::size_t count,
                                                     clock::time_point now) {
  if (t.paused) {
    return 0;
  }
  if (t.limiter == nullptr) {
    return count;
  }
  const auto granted = t.limiter->take(count, now);
  t.allowance += granted;
  return granted;
}

// Of a tenant's unfinished records, those that its handler or what follows has.
std::size_t partition_consumer_state::handed_out(std::uint32_t tenant) const {
  auto kept = turns_.backlog_of(tenant);
  for (const auto& waits : gate_) {
    kept += waits.slice.front().tenant == tenant ? waits.slice.items.size() : 0;
  }
  for (const auto& [slot, f] : failing_) {
    const bool overflowed = f.where == stage::dlq && f.reason == dead_letter_reason::overflow;
    kept += overflowed && f.work->items.front().tenant == tenant ? 1U : 0U;
  }
  const auto unfinished = static_cast<std::size_t>(tenants_[tenant].unfinished);
  return unfinished - std::min(unfinished, kept);
}

// A slice for every run of records of one tenant; one slice is out at a time.
void partition_consumer_state::dispatch_in_partition_order(
    const std::shared_ptr<work_batch>& batch) {
  std::vector<std::uint32_t> left;
  left.reserve(batch->items.size());
  for (std::uint32_t i = 0; i < batch->items.size(); ++i) {
    if (!is_failing(batch->items[i].slot)) {
      left.push_back(i);
    }
  }
  const auto order = batch->keep_order(std::move(left));
  const auto tenant_at = [&](std::size_t at) { return batch->items[order[at]].tenant; };
  std::size_t from = 0;
  for (std::size_t i = 1; i <= order.size(); ++i) {
    if (i == order.size() || tenant_at(i) != tenant_at(from)) {
      gate_.push_back({{batch, order.subspan(from, i - from)}, work_kind::fresh});
      from = i;
    }
  }
  open_gate();
}

void partition_consumer_state::open_gate() {
  if (gate_.empty() || at_handlers_ > 0 || !failing_.empty() || draining_) {
    return;
  }
  auto& next = gate_.front();
  const auto now = self_->clock().now();
  const auto tenant = next.slice.front().tenant;
  const auto size = next.slice.items.size();
  const auto granted = take_allowance(tenants_[tenant], size, now);
  if (granted == 0) {
    return; // looked at again with the next tick
  }
  work first{next.slice.part(0, granted), work_kind::fresh};
  if (granted == size) {
    gate_.pop_front();
  } else {
    next.slice = next.slice.part(granted, size - granted);
  }
  send_work(tenant, std::move(first), now);
}

void partition_consumer_state::send_work(std::uint32_t tenant, work w, clock::time_point now) {
  auto& t = tenants_[tenant];
  t.last_used = now;
  if (w.kind != work_kind::parked) {
    at_handlers_ += static_cast<std::int64_t>(w.slice.items.size());
  }
  if (!t.handler) {
    t.before_lease.push_back(std::move(w));
    want_handler(tenant);
    return;
  }
  send_to_handler(t, std::move(w), now);
}

void partition_consumer_state::send_to_handler(const tenant_entry& t, work w,
                                               clock::time_point now) {
  context_->progress->sent(now);
  w.unread = guard_unread([progress = context_->progress] { progress->lost(); });
  self_->send(t.handler, std::move(w));
}

void partition_consumer_state::want_handler(std::uint32_t tenant) {
  auto& t = tenants_[tenant];
  if (t.wanted || !links_.tenants) {
    return;
  }
  t.wanted = true;
  self_->request(links_.tenants, caf::infinite, handler_wanted{t.id, self_})
      .then([this, id = t.id](const handler_lease& lease) { on_lease(id, lease); },
            // The tenant supervisor has died: its successor is asked when it is announced.
            [this, tenant](const caf::error&) {
              if (tenant < tenants_.size()) {
                tenants_[tenant].wanted = false;
              }
            });
}

void partition_consumer_state::on_lease(const std::string& tenant, const handler_lease& lease) {
  const auto found = tenant_numbers_.find(tenant);
  if (found == tenant_numbers_.end() || released_) {
    return;
  }
  auto& t = tenants_[found->second];
  t.wanted = false;
  t.handler = lease.handler;
  if (t.account != lease.account) {
    t.account = lease.account;
    t.account->in_flight.fetch_add(t.unfinished - t.added);
  }
  settle_added();
  // What came meanwhile is part of what is handed out again, and must not overtake it.
  if (std::exchange(t.hand_out_again, false)) {
    hand_out_again(found->second);
    return;
  }
  const auto now = self_->clock().now();
  for (auto& w : std::exchange(t.before_lease, {})) {
    send_to_handler(t, std::move(w), now);
  }
}

void partition_consumer_state::on_handler_replaced(const handler_replaced& msg) {
  const auto found = tenant_numbers_.find(msg.tenant);
  if (found == tenant_numbers_.end() || released_) {
    return;
  }
  tenants_[found->second].handler = msg.handler;
  hand_out_again(found->second);
}

// A handler has lost its memory. Everything unfinished of its tenant goes to its
// successor in offset order: first what keeps a lane without running, so that no
// later record of that key overtakes it. What had begun goes back through the
// retry supervisor; what only waited starts as if for the first time.
void partition_consumer_state::hand_out_again(std::uint32_t tenant) {
  take_finished();
  auto& t = tenants_[tenant];
  t.before_lease.clear();
  std::vector<failed_record> interrupted;
  struct run {
    std::shared_ptr<work_batch> batch;
    work_kind kind;
    std::vector<std::uint32_t> items;
  };
  std::vector<run> in_order;
  const auto append = [&](const std::shared_ptr<work_batch>& batch, std::uint32_t item,
                          work_kind kind) {
    if (in_order.empty() || in_order.back().batch != batch || in_order.back().kind != kind) {
      in_order.push_back({batch, kind, {}});
    }
    in_order.back().items.push_back(item);
  };
  std::vector<work_in_hand::place> unfinished;
  in_hand_.for_each([&](const work_in_hand::place& p) {
    const auto& item = p.get();
    if (item.tenant == tenant && !tracker_.is_finished(item.slot) && !is_failing(item.slot) &&
        !behind_gate(item.slot) && !waits_for_turn(tenant, item.slot)) {
      unfinished.push_back(p);
    }
  });
  std::vector<slot_id> begun;
  for (const auto& p : unfinished) {
    if (p.batch->started[p.item].load(std::memory_order_relaxed)) {
      make_failing(p.get().slot, p).last = {outcome_kind::retry,
                                            failure_class::handler_restart,
                                            "the handler actor was started anew",
                                            {}};
      begun.push_back(p.get().slot);
      --at_handlers_;
    } else {
      at_handlers_ -= 1; // counted again when it is sent
    }
  }
  auto next = unfinished.begin();
  const auto append_fresh_before = [&](std::optional<slot_id> limit) {
    for (; next != unfinished.end() && (!limit || next->get().slot < *limit); ++next) {
      if (!is_failing(next->get().slot)) {
        append(next->batch, next->item, work_kind::fresh);
      }
    }
  };
  for (auto& [slot, f] : failing_) {
    if (f.work->items.front().tenant != tenant) {
      continue;
    }
    append_fresh_before(slot);
    append(f.work, 0, work_kind::parked);
    const bool was_running = f.where == stage::handler;
    const bool has_begun = std::find(begun.begin(), begun.end(), slot) != begun.end();
    if (was_running || has_begun) {
      if (was_running) {
        --at_handlers_;
      }
      move_to(f, stage::retry);
      interrupted.push_back({slot,
                             f.attempts,
                             std::chrono::milliseconds{0},
                             outcome_kind::retry,
                             failure_class::handler_restart,
                             {},
                             f.policy});
    }
  }
  append_fresh_before(std::nullopt);
  const auto now = self_->clock().now();
  for (auto& r : in_order) {
    const auto items = r.batch->keep_order(std::move(r.items));
    send_work(tenant, {{r.batch, items}, r.kind}, now);
  }
  if (!interrupted.empty()) {
    self_->send(links_.retry, failed_records{self_, assigned_.epoch, std::move(interrupted)});
  }
}

bool partition_consumer_state::behind_gate(slot_id slot) const {
  return !gate_.empty() && slot >= gate_.front().slice.front().slot;
}

bool partition_consumer_state::waits_for_turn(std::uint32_t tenant, slot_id slot) const {
  if (turns_.backlog_of(tenant) == 0) {
    return false;
  }
  const auto [slice, from] = turns_.front(tenant);
  return slot >= slice.part(from, 1).front().slot;
}

} // namespace streamer
