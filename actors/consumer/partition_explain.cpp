// The partition consumer's part that says why its partition lags. Nothing of it is on the way of a
// record but `split`, once a batch.
#include "actors/consumer/partition_consumer.hpp"

#include <caf/typed_response_promise.hpp>

namespace streamer {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Who asks waits; a retry supervisor that is just being replaced must not keep the rest from them.
constexpr milliseconds retry_patience{200};

void note_oldest(lag_times& times, lag_state where, std::int64_t stamp) {
  auto& oldest = times.oldest.at(static_cast<std::size_t>(where));
  if (stamp >= 0 && (oldest < 0 || stamp < oldest)) {
    oldest = stamp;
  }
}

} // namespace

lag_split partition_consumer_state::split() const {
  return split_taken_in({committed_offset_, first_offset_, tracker_.received_to(), held_to(),
                         tracker_.unfinished(), at_handlers_, count_failing(stage::retry),
                         count_failing(stage::dlq), count_failing(stage::alone)});
}

std::optional<offset_id> partition_consumer_state::held_to() const {
  if (held_.empty()) {
    return std::nullopt;
  }
  const auto behind = held_.back().batch->records().back().offset.next();
  return held_end_ ? std::max(*held_end_, behind) : behind;
}

caf::result<partition_explained> partition_consumer_state::on_explain() {
  auto answer = explain();
  const auto slot = tracker_.oldest_unfinished();
  const bool waits = answer.frontier && answer.frontier->where == lag_state::waiting_retry;
  if (!waits || draining_ || !links_.retry) {
    return answer;
  }
  auto promise = self_->make_response_promise<partition_explained>();
  self_
      ->request<caf::message_priority::high>(links_.retry, retry_patience,
                                             retry_time_wanted{assigned_.epoch, *slot})
      .then(
          [this, promise, answer](const retry_time& t) mutable {
            answer.frontier->held_by_guard = t.held;
            if (t.due) {
              const auto left = duration_cast<milliseconds>(*t.due - self_->clock().now());
              answer.frontier->next_retry = std::max(left, milliseconds{0});
            }
            promise.deliver(std::move(answer));
          },
          [promise, answer](const caf::error&) mutable { promise.deliver(std::move(answer)); });
  return promise;
}

partition_explained partition_consumer_state::explain() const {
  partition_explained answer;
  answer.epoch = assigned_.epoch;
  answer.lag = split();
  answer.times = times();
  answer.committed = committed_offset_;
  answer.frontier = frontier();
  if (!held_.empty() && holding_for_ < tenants_.size() && !suspects_asked_) {
    answer.held_for = tenants_[holding_for_].id;
  }
  answer.draining = draining_;
  answer.paused = paused_;
  return answer;
}

lag_times partition_consumer_state::times() const {
  lag_times times;
  times.newest = newest_ms_;
  if (uncommitted_since_) {
    times.uncommitted_for = duration_cast<milliseconds>(self_->clock().now() - *uncommitted_since_);
  }
  for (const auto& [slot, f] : failing_) {
    const auto stamp = f.record().get().timestamp_ms;
    switch (f.where) {
      case stage::handler: note_oldest(times, lag_state::in_flight, stamp); break;
      case stage::retry: note_oldest(times, lag_state::waiting_retry, stamp); break;
      case stage::dlq: note_oldest(times, lag_state::waiting_dlq, stamp); break;
      case stage::alone: note_oldest(times, lag_state::held, stamp); break;
    }
  }
  if (!held_.empty()) {
    const auto& h = held_.front();
    note_oldest(times, lag_state::held, h.batch->records()[h.from].timestamp_ms);
  }
  note_oldest_in_hand(times, split().parts);
  return times;
}

// The first of each kind stands for all of its kind: records come in the order of their time, or
// nearly so.
void partition_consumer_state::note_oldest_in_hand(lag_times& times,
                                                   const lag_counts& parts) const {
  bool queued = parts.queued == 0;
  bool in_flight = parts.in_flight == 0;
  in_hand_.for_each_until([&](const work_in_hand::place& p) {
    const auto slot = p.get().slot;
    if (!tracker_.is_finished(slot) && !is_failing(slot)) {
      const bool waits = behind_gate(slot) || waits_for_turn(p.get().tenant, slot);
      auto& seen = waits ? queued : in_flight;
      if (!seen) {
        seen = true;
        note_oldest(times, waits ? lag_state::queued : lag_state::in_flight,
                    p.record().get().timestamp_ms);
      }
    }
    return queued && in_flight;
  });
}

std::optional<frontier_record> partition_consumer_state::frontier() const {
  const auto slot = tracker_.oldest_unfinished();
  if (!slot) {
    return std::nullopt;
  }
  frontier_record r;
  bytes_ref key;
  if (const auto f = failing_.find(*slot); f != failing_.end()) {
    describe_failing(f->second, r);
    key = f->second.record().get().key;
  } else if (const auto place = in_hand_.find(*slot)) {
    describe_in_hand(*place, r);
    key = place->record().get().key;
  }
  r.offset = tracker_.offset_of(*slot).value_or(offset_id{});
  if (!key.is_null() && context_->mark_key) {
    r.key_mark = context_->mark_key(key.view());
  }
  return r;
}

void partition_consumer_state::describe_failing(const failing_entry& f, frontier_record& r) const {
  r.tenant = tenant_of(f).id;
  r.timestamp_ms = f.record().get().timestamp_ms;
  r.here = duration_cast<milliseconds>(self_->clock().now() - f.first_failed);
  r.attempt = f.attempts;
  r.cause = f.last.cause;
  r.exception = f.last.exception;
  r.handler = f.policy ? f.policy->handler : "";
  r.held_by_guard = f.held;
  switch (f.where) {
    case stage::handler:
      r.where = lag_state::in_flight;
      r.actor = "handler/" + r.tenant;
      r.running = f.work->started[0].load(std::memory_order_relaxed);
      ++r.attempt;
      break;
    case stage::retry:
      r.where = lag_state::waiting_retry;
      r.actor = "retry_supervisor";
      break;
    case stage::dlq:
      r.where = lag_state::waiting_dlq;
      r.actor = "dlq_supervisor";
      break;
    case stage::alone:
      r.where = lag_state::held;
      r.actor = "quarantine";
      break;
  }
}

void partition_consumer_state::describe_in_hand(const work_in_hand::place& place,
                                                frontier_record& r) const {
  const auto& item = place.get();
  r.tenant = tenants_[item.tenant].id;
  r.timestamp_ms = place.record().get().timestamp_ms;
  if (const auto since = in_hand_.oldest()) {
    r.here = duration_cast<milliseconds>(self_->clock().now() - *since);
  }
  r.attempt = item.attempts_before + 1;
  const bool queued =
      behind_gate(item.slot) || waits_for_turn(item.tenant, item.slot) || at_handlers_ <= 0;
  r.where = queued ? lag_state::queued : lag_state::in_flight;
  r.actor = queued ? "partition_consumer/" + to_string(assigned_.tp) : "handler/" + r.tenant;
  r.running = place.batch->started[place.item].load(std::memory_order_relaxed);
}

} // namespace streamer
