// The partition consumer's part that takes outcomes: what finished, what failed,
// and where the failing go.
#include "actors/consumer/partition_consumer.hpp"

#include <caf/send.hpp>
#include "messages/planted_bugs.hpp"

#include <algorithm>

namespace streamer {
namespace {

// Senders choose the timestamps; the clock counts nanoseconds, which end in the year 2262.
constexpr std::int64_t latest_stamp_ms = 9'000'000'000'000;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

void partition_consumer_state::on_results(const attempt_results& msg) {
  if (released_ || (msg.epoch != assigned_.epoch && !planted("ack_of_an_old_epoch"))) {
    count_stale(msg.processed.size() + msg.skipped.size() + msg.failed.size());
    return;
  }
  // Before the failures, which are judged by it.
  take_finished();
  const auto succeeded_before = counts_.processed + counts_.skipped;
  for (const auto slot : msg.processed) {
    counts_.processed += finish_at_handler(slot) ? 1U : 0U;
  }
  for (const auto slot : msg.skipped) {
    counts_.skipped += finish_at_handler(slot) ? 1U : 0U;
  }
  const auto succeeded = counts_.processed + counts_.skipped - succeeded_before;
  count_succeeded(succeeded);
  std::vector<failed_record> report;
  for (const auto& f : msg.failed) {
    on_failed(f, report);
  }
  if (!report.empty() && !draining_) {
    self_->send(links_.retry, failed_records{self_, assigned_.epoch, std::move(report), succeeded});
  }
  at_handlers_ -= static_cast<std::int64_t>(msg.dropped.size() + msg.dropped_running.size());
  fenced_running_ += msg.dropped_running.size();
  settle();
}

void partition_consumer_state::count_stale(std::size_t records) {
  context_->metrics->counter(metric::acknowledgements_dropped, {{"cause", "stale"}}).add(records);
}

void partition_consumer_state::count_succeeded(std::uint64_t records) {
  if (records > 0) {
    context_->totals->succeeded.fetch_add(records, std::memory_order_relaxed);
  }
}

// Slices of many tenants at once: what can be done once for all of them is not done for each.
void partition_consumer_state::take_finished() {
  const auto slices = finished_->take();
  if (slices.empty()) {
    return;
  }
  if (released_) {
    for (const auto& s : slices) {
      count_stale(s.items.size());
    }
    return;
  }
  const auto before = counts_.processed;
  finishing at{self_->clock().now(), now_ms()};
  for (const auto& s : slices) {
    finish_whole(s, at);
  }
  count_succeeded(counts_.processed - before);
}

void partition_consumer_state::finish_whole(const work_slice& slice, finishing& at) {
  const auto& batch = *slice.batch;
  if (at.batch != &batch) {
    at.batch = &batch;
    at.records = batch.records.get();
  }
  const auto& records = at.records;
  std::int64_t finished = 0;
  std::uint32_t last = 0; // its time stands for the slice: the records arrived together
  for (const auto i : slice.items) {
    const auto& item = batch.items[i];
    if (!tracker_.finish(item.slot)) {
      continue;
    }
    ++finished;
    // There, as it was unfinished when copies were made.
    if (const auto place = records.place_of(item.record)) {
      last = *place;
      credit_bytes_ += static_cast<std::int64_t>(records.batch->charged_bytes(last));
    }
    if (!met_again_.empty()) {
      met_again_.erase(item.slot);
    }
  }
  in_hand_.let_go(&batch, static_cast<std::size_t>(finished));
  at_handlers_ -= finished;
  credit_records_ += finished;
  counts_.processed += static_cast<std::uint64_t>(finished);
  account_finished(tenants_[slice.front().tenant], finished, at.now);
  if (finished > 0) {
    note_latency(records.batch->records()[last].timestamp_ms, at.wall_ms, finished);
  }
}

void partition_consumer_state::note_latency(std::int64_t stamp, std::int64_t now,
                                            std::int64_t count) {
  if (stamp > 0) {
    end_to_end_.observe_n(static_cast<double>(now - stamp) / 1000.0,
                          static_cast<std::uint64_t>(count));
  }
}

bool partition_consumer_state::finish_at_handler(slot_id slot) {
  if (!finish(slot)) {
    return false;
  }
  --at_handlers_;
  return true;
}

// Marks a record as finished, wherever it was, and lets go of it.
bool partition_consumer_state::finish(slot_id slot) {
  if (!tracker_.finish(slot)) {
    return false;
  }
  ++credit_records_;
  met_again_.erase(slot);
  const auto f = failing_.find(slot);
  if (f != failing_.end()) {
    credit_bytes_ += f->second.charge;
    account_finished(tenant_of(f->second), 1, self_->clock().now());
    if (f->second.held) {
      self_->send(links_.retry, held_record_succeeded{assigned_.epoch, slot});
    }
    erase_failing(f);
    return true;
  }
  if (const auto place = in_hand_.find(slot)) {
    const auto record = place->record();
    credit_bytes_ += static_cast<std::int64_t>(record.batch->charged_bytes(record.index));
    account_finished(tenants_[place->get().tenant], 1, self_->clock().now());
    note_latency(record.get().timestamp_ms, now_ms(), 1);
    in_hand_.let_go(slot);
  }
  return true;
}

void partition_consumer_state::account_finished(tenant_entry& t, std::int64_t records,
                                                clock::time_point now) {
  t.unfinished -= records;
  give_allowance(t, static_cast<std::size_t>(records));
  if (t.account && records > 0) {
    t.account->in_flight.fetch_sub(records, std::memory_order_relaxed);
    context_->metrics->count_tenant(t.id, {.processed = static_cast<std::uint64_t>(records)}, now);
  }
}

void partition_consumer_state::give_allowance(tenant_entry& t, std::size_t count) {
  if (t.limiter == nullptr) {
    return;
  }
  // What was handed out before its tenant had limits has taken nothing.
  const auto free = std::min(count, t.uncharged);
  t.uncharged -= free;
  t.limiter->give_back(count - free);
  t.allowance -= count - free;
}

partition_consumer_state::failing_entry& partition_consumer_state::make_failing(
    slot_id slot, const work_in_hand::place& place) {
  const auto found = failing_.find(slot);
  if (found != failing_.end()) {
    return found->second;
  }
  failing_entry f;
  const auto record = place.record();
  f.charge = static_cast<std::int64_t>(record.batch->charged_bytes(record.index));
  f.work = std::make_shared<work_batch>(detach(record).batch);
  f.work->origin = self_;
  f.work->finished = finished_;
  f.work->epoch = assigned_.epoch;
  f.work->place = place_;
  f.work->items = {place.get()};
  f.work->items.front().record = 0;
  f.work->started = std::make_unique<std::atomic<bool>[]>(1);
  f.alone = f.work->keep_order({0});
  f.attempts = place.get().attempts_before;
  f.last_failed = self_->clock().now();
  f.first_failed = f.last_failed;
  f.first_failed_ms = now_ms();
  // The owners' clocks may differ, or have been set meanwhile: a time told by one says nothing
  // about how long a record has failed, and must not lie in the future.
  if (const auto earlier = met_again_.find(slot); earlier != met_again_.end()) {
    const auto elapsed =
        planted("clocks_of_two_owners")
            ? std::chrono::milliseconds{f.first_failed_ms - earlier->second.first_failed_ms}
            : earlier->second.elapsed;
    f.first_failed_ms = std::min(f.first_failed_ms, earlier->second.first_failed_ms);
    f.first_failed -= elapsed;
    met_again_.erase(earlier);
  }
  in_hand_.let_go(slot);
  ++failing_at_[static_cast<std::size_t>(f.where)];
  return failing_.emplace(slot, std::move(f)).first->second;
}

void partition_consumer_state::on_failed(const failed_attempt& failed,
                                         std::vector<failed_record>& report) {
  if (tracker_.is_finished(failed.slot)) {
    return;
  }
  auto known = failing_.find(failed.slot);
  if (known == failing_.end()) {
    const auto place = in_hand_.find(failed.slot);
    if (!place) {
      return;
    }
    make_failing(failed.slot, *place);
    known = failing_.find(failed.slot);
  } else if (known->second.where != stage::handler) {
    return; // the answer of an attempt that was given up
  }
  auto& f = known->second;
  --at_handlers_;
  if (failed.result.cause == failure_class::quarantined) {
    want_alone(failed.slot, f);
    return;
  }
  if (auto& trial = f.work->items.front().trial; trial == trial_kind::alone) {
    trial = trial_kind::suspect; // its next attempt runs alone too
  }
  move_to(f, stage::retry);
  f.attempts = failed.attempts;
  f.last_failed = self_->clock().now();
  f.last = failed.result;
  f.policy = failed.policy;
  f.trace = failed.trace;
  if (!f.work->first_attempt) {
    f.work->first_attempt = failed.trace;
  }
  f.work->items.front().attempts_before = failed.attempts;
  log_.debug("attempt_failed", "an attempt failed",
             {{"topic", assigned_.tp.topic},
              {"partition", assigned_.tp.partition.value()},
              {"offset", f.record().get().offset.value()},
              {"tenant", tenant_of(f).id},
              {"attempt", failed.attempts},
              {"cause", to_string(failed.result.cause)},
              {"reason", failed.result.reason}});
  report.push_back(report_of(failed.slot, f));
}

failed_record partition_consumer_state::report_of(slot_id slot, const failing_entry& f) const {
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - f.first_failed);
  return {slot,         f.attempts,
          elapsed,      f.last.kind,
          f.last.cause, f.last.exception,
          f.policy,     std::hash<std::string>{}(tenants_[f.work->items.front().tenant].id)};
}

void partition_consumer_state::on_verdicts(const retry_verdicts& msg) {
  if (released_ || draining_) {
    return; // attempts and what is due travel in the metadata
  }
  for (const auto slot : msg.due) {
    const auto found = failing_.find(slot);
    if (found == failing_.end() || found->second.where != stage::retry) {
      continue;
    }
    attempt_again(slot, found->second);
  }
  std::vector<slot_id> spent;
  for (const auto& s : msg.spent) {
    const auto found = failing_.find(s.slot);
    if (found != failing_.end() && found->second.where == stage::retry) {
      found->second.reason = s.reason;
      spent.push_back(s.slot);
    }
  }
  bury(spent);
  on_held(msg.held);
  publish();
}

// The outage is not the record's fault: its last attempt does not count, here and at the next
// owner.
void partition_consumer_state::on_held(const std::vector<slot_id>& slots) {
  for (const auto slot : slots) {
    const auto found = failing_.find(slot);
    if (found == failing_.end() || found->second.where != stage::retry) {
      continue;
    }
    auto& f = found->second;
    f.held = true;
    f.attempts -= f.attempts > 0 ? 1 : 0;
    f.work->items.front().attempts_before = f.attempts;
  }
}

// The retry supervisor has done with it: of a paused tenant it is kept for the end of the pause.
void partition_consumer_state::attempt_again(slot_id slot, failing_entry& f) {
  f.due = tenant_of(f).paused;
  if (f.due) {
    return;
  }
  context_->metrics->counter(metric::retries, {{"cause", to_string(f.last.cause)}}).add();
  context_->metrics->count_tenant(tenant_of(f).id, {.retried = 1});
  if (f.work->items.front().trial == trial_kind::none) {
    run_again(f);
  } else {
    want_alone(slot, f);
  }
}

void partition_consumer_state::run_due() {
  for (auto& [slot, f] : failing_) {
    if (f.due && f.where == stage::retry && !draining_) {
      attempt_again(slot, f);
    }
  }
}

// Sends a failing record to its handler, which has kept its lane.
void partition_consumer_state::run_again(failing_entry& f) {
  move_to(f, stage::handler);
  f.work->started[0].store(false, std::memory_order_relaxed);
  send_work(f.work->items.front().tenant, {{f.work, f.alone}, work_kind::again},
            self_->clock().now());
}

// Hands failing records to the DLQ supervisor, which answers when each is written.
void partition_consumer_state::bury(const std::vector<slot_id>& slots) {
  dead_letters msg{self_, assigned_.epoch, {}};
  for (const auto slot : slots) {
    auto& f = failing_.at(slot);
    move_to(f, stage::dlq);
    dead_letter letter;
    letter.slot = slot;
    letter.record = f.record();
    letter.tenant = tenant_of(f).id;
    letter.reason = f.reason;
    letter.attempts = f.attempts;
    letter.first_failed_ms = f.first_failed_ms;
    letter.message = f.last.reason;
    letter.exception = f.last.exception;
    letter.trace = f.trace;
    msg.letters.push_back(std::move(letter));
  }
  if (!msg.letters.empty()) {
    self_->send(links_.dlq, std::move(msg));
    if (planted("dead_letter_without_ack")) {
      on_dead_letters_written({slots});
    }
  }
}

void partition_consumer_state::on_dead_letters_written(const dead_letters_written& msg) {
  if (released_) {
    return;
  }
  std::map<std::uint32_t, lanes_released> free_lanes;
  suspects_settled settled;
  for (const auto slot : msg.slots) {
    const auto found = failing_.find(slot);
    if (found == failing_.end() || found->second.where != stage::dlq) {
      continue;
    }
    const auto item = found->second.work->items.front();
    auto& t = tenants_[item.tenant];
    context_->metrics->counter(metric::dead_letters, {{"reason", to_string(found->second.reason)}})
        .add();
    context_->metrics->count_tenant(t.id, {.dead_lettered = 1});
    if (found->second.reason == dead_letter_reason::crash) {
      settled.places.push_back({assigned_.tp, found->second.record().get().offset});
    }
    if (item.lane.value() != 0) {
      free_lanes[item.tenant].lanes.emplace_back(item.lane, slot);
    }
    tracker_.finish(slot);
    ++credit_records_;
    credit_bytes_ += found->second.charge;
    --t.unfinished;
    // What overflowed was never handed out.
    give_allowance(t, found->second.reason == dead_letter_reason::overflow ? 0 : 1);
    if (t.account) {
      t.account->in_flight.fetch_sub(1, std::memory_order_relaxed);
    }
    ++counts_.dead_lettered;
    erase_failing(found);
  }
  if (!settled.places.empty()) {
    self_->send(links_.quarantine, std::move(settled));
  }
  for (auto& [tenant, lanes] : free_lanes) {
    lanes.epoch = assigned_.epoch;
    if (tenants_[tenant].handler) {
      self_->send(tenants_[tenant].handler, std::move(lanes));
    }
  }
  settle();
}

// After anything has finished: credit back, what was held back forward, books up to date.
void partition_consumer_state::settle() {
  take_finished();
  open_gate();
  want_turns();
  try_held();
  release_credit();
  publish();
  if (draining_) {
    continue_draining();
  }
}

void partition_consumer_state::release_credit() {
  if (credit_records_ == 0 && credit_bytes_ == 0) {
    return;
  }
  context_->credit->give(credit_records_, credit_bytes_);
  if (assigned_.in_hand) {
    assigned_.in_hand->fetch_sub(credit_records_, std::memory_order_relaxed);
  }
  owed_records_ -= credit_records_;
  owed_bytes_ -= credit_bytes_;
  credit_records_ = credit_bytes_ = 0;
}

void partition_consumer_state::move_to(failing_entry& f, stage s) {
  --failing_at_[static_cast<std::size_t>(f.where)];
  f.where = s;
  ++failing_at_[static_cast<std::size_t>(s)];
}

void partition_consumer_state::erase_failing(std::map<slot_id, failing_entry>::iterator f) {
  --failing_at_[static_cast<std::size_t>(f->second.where)];
  failing_.erase(f);
}

void partition_consumer_state::publish() {
  counts_.pending = tracker_.unfinished();
  partition_state state;
  const auto lag = split();
  state.lag = lag.parts;
  state.span = lag.span;
  state.uncommitted_since = uncommitted_since_;
  state.tenant_paused =
      knows_paused_ && std::any_of(tenants_.begin(), tenants_.end(), [](const tenant_entry& t) {
        return t.paused && t.unfinished > 0;
      });
  if (const auto oldest = tracker_.oldest_unfinished()) {
    const auto failing = failing_.find(*oldest);
    std::int64_t stamp = -1;
    if (failing != failing_.end()) {
      stamp = failing->second.record().get().timestamp_ms;
    } else if (const auto place = in_hand_.find(*oldest)) {
      stamp = place->record().get().timestamp_ms;
    }
    if (stamp > 0) {
      state.oldest_unfinished = std::chrono::system_clock::time_point{
          std::chrono::milliseconds{std::min(stamp, latest_stamp_ms)}};
    }
  }
  page_.publish(counts_, state);
}

void partition_consumer_state::on_links(const actor_links& links) {
  const auto before = std::exchange(links_, links);
  if (released_) {
    return;
  }
  if (before.tenants != links_.tenants) {
    for (std::uint32_t i = 0; i < tenants_.size(); ++i) {
      auto& t = tenants_[i];
      t.handler = nullptr;
      t.wanted = false;
      t.hand_out_again = t.unfinished > 0;
      if (t.hand_out_again) {
        want_handler(i);
      }
    }
  }
  if (before.retry != links_.retry) {
    failed_records again{self_, assigned_.epoch, {}};
    for (const auto& [slot, f] : failing_) {
      if (f.where == stage::retry) {
        again.records.push_back(report_of(slot, f));
      }
    }
    if (!again.records.empty()) {
      self_->send(links_.retry, std::move(again));
    }
  }
  if (before.quarantine != links_.quarantine) {
    want_all_alone();
  }
  if (before.dlq != links_.dlq) {
    std::vector<slot_id> slots;
    for (const auto& [slot, f] : failing_) {
      if (f.where == stage::dlq) {
        slots.push_back(slot);
      }
    }
    bury(slots);
  }
}

} // namespace streamer
