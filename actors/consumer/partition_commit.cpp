// The partition consumer's part that commits, and that ends an assignment epoch.
#include "actors/consumer/partition_consumer.hpp"

#include <caf/send.hpp>
#include "messages/planted_bugs.hpp"

#include <algorithm>

namespace streamer {
namespace {

// Where tenants are many, an actor kept for each that may come back would cost more than it saves.
constexpr std::size_t many_tenants = 1'000;
constexpr std::chrono::milliseconds idle_among_few{30'000};
constexpr std::chrono::milliseconds idle_among_many{100};
constexpr auto commit_answer_overdue = std::chrono::seconds{10};
// The shortest range takes two bytes; more than this never fits into the metadata.
constexpr std::size_t most_ranges = default_metadata_limit / 2;

} // namespace

commit_metadata partition_consumer_state::metadata() const {
  commit_metadata data;
  data.finished = tracker_.finished_beyond(most_ranges);
  if (planted("forget_attempts")) {
    return data;
  }
  for (const auto& [slot, f] : failing_) {
    if (f.attempts > 0) {
      data.failing.push_back(
          {f.record().get().offset, f.attempts, f.first_failed_ms,
           std::chrono::duration_cast<std::chrono::milliseconds>(f.last_failed - f.first_failed)});
    }
  }
  for (const auto& [slot, earlier] : met_again_) {
    data.failing.push_back(earlier);
  }
  for (const auto& [offset, earlier] : restored_) {
    data.failing.push_back(earlier);
  }
  std::sort(data.failing.begin(), data.failing.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  return data;
}

// What is to be committed, if it differs from what the group has.
std::optional<commit_request> partition_consumer_state::commit_now() {
  const auto point = tracker_.frontier();
  if (!point) {
    return std::nullopt;
  }
  auto data = metadata();
  std::erase_if(data.failing, [&](const auto& f) { return f.offset < point->offset; });
  auto text = encode(
      data, {assigned_.cluster_id, assigned_.tp.topic, assigned_.tp.partition, point->offset},
      metadata_limit_);
  if (committed_offset_ == point->offset && committed_text_ == text.text) {
    return std::nullopt;
  }
  count_dropped(text);
  return commit_request{assigned_.epoch, point->offset, point->leader_epoch, std::move(text.text)};
}

void partition_consumer_state::count_dropped(const encoded_metadata& text) {
  if (text.dropped_failing > 0) {
    context_->metrics->counter(metric::commit_metadata_dropped, {{"part", "attempts"}})
        .add(text.dropped_failing);
  }
  if (text.dropped_ranges > 0) {
    context_->metrics->counter(metric::commit_metadata_dropped, {{"part", "ranges"}})
        .add(text.dropped_ranges);
  }
}

void partition_consumer_state::commit_if_changed() {
  const auto now = self_->clock().now();
  if (commit_in_flight_ && now - commit_sent_ < commit_answer_overdue) {
    return;
  }
  auto request = commit_now();
  if (!request) {
    uncommitted_since_.reset();
    return;
  }
  commit_in_flight_ = true;
  commit_sent_ = now;
  sent_text_ = request->metadata;
  context_->source->commit({std::move(*request)});
}

void partition_consumer_state::on_commit_answer(const commit_result& r) {
  if (released_) {
    return;
  }
  commit_in_flight_ = false;
  const bool ok = r.state == commit_state::committed;
  context_->metrics->counter(metric::commits, {{"result", ok ? "ok" : "failed"}}).add();
  switch (r.state) {
    case commit_state::committed:
      committed_offset_ = r.offset;
      committed_text_ = sent_text_;
      uncommitted_since_.reset();
      settle_suspects();
      break;
    case commit_state::metadata_too_large:
      metadata_limit_ = sent_text_.size() / 2;
      log_.warn("commit_metadata_refused",
                "the broker takes less commit metadata than this commit had: it is cut",
                {{"topic", assigned_.tp.topic},
                 {"partition", assigned_.tp.partition.value()},
                 {"bytes", sent_text_.size()}});
      commit_if_changed();
      break;
    case commit_state::again:
    case commit_state::stale:
      log_.debug("commit_refused", "a commit was refused",
                 {{"topic", assigned_.tp.topic},
                  {"partition", assigned_.tp.partition.value()},
                  {"error", r.error}});
      break;
  }
}

void partition_consumer_state::on_tick() {
  const auto now = self_->clock().now();
  if (released_) {
    return;
  }
  if (!uncommitted_since_) {
    const auto point = tracker_.frontier();
    if (point && committed_offset_ != point->offset) {
      uncommitted_since_ = now;
    }
  }
  if (now >= next_commit_ && !draining_) {
    next_commit_ = now + context_->consumer.commit_interval;
    commit_if_changed();
  }
  look_at_tenants();
  const auto idle_after = tenant_numbers_.size() > many_tenants ? idle_among_many : idle_among_few;
  for (std::uint32_t i = 0; i < tenants_.size(); ++i) {
    auto& t = tenants_[i];
    if (t.handler && t.unfinished == 0 && now - t.last_used > idle_after && held_.empty()) {
      self_->send(links_.tenants, handler_unneeded{t.id, self_});
      tenant_numbers_.erase(t.id);
      t = {};
      free_tenants_.push_back(i);
      last_tenant_ = UINT32_MAX;
    }
  }
  in_hand_.keep_copies(
      now, [this](slot_id slot) { return !tracker_.is_finished(slot) && !is_failing(slot); });
  throttle(now);
  settle();
  at_rest_->store(nothing_to_do(), std::memory_order_relaxed);
}

bool partition_consumer_state::nothing_to_do() const {
  const auto point = tracker_.frontier();
  return tracker_.unfinished() == 0 && held_.empty() && !draining_ && !commit_in_flight_ &&
         (!point || committed_offset_ == point->offset);
}

// ------------------------------------------------------------------ the end of an epoch

// Nothing new is taken in. What is at the handlers goes on until the cut, what
// runs until the deadline, dead letters until the deadline; waiting retries travel
// in the metadata.
void partition_consumer_state::on_drain(const drain_partition& msg) {
  if (released_) {
    return;
  }
  if (draining_) {
    drain_ = {std::min(drain_.cut, msg.cut), std::min(drain_.deadline, msg.deadline)};
    continue_draining();
    return;
  }
  draining_ = true;
  at_rest_->store(false, std::memory_order_relaxed);
  drain_ = msg;
  for (const auto& h : held_) {
    for (auto i = h.from; i < h.batch->records().size(); ++i) {
      ++credit_records_;
      credit_bytes_ += static_cast<std::int64_t>(h.batch->charged_bytes(i));
    }
  }
  if (!held_.empty()) {
    context_->assignment->holding.fetch_sub(1);
    held_.clear();
    held_records_ = 0;
  }
  gate_.clear();
  turns_.clear();
  decline_all_alone();
  release_credit();
  continue_draining();
}

void partition_consumer_state::continue_draining() {
  if (released_) {
    return;
  }
  const auto now = self_->clock().now();
  const bool idle = at_handlers_ <= 0 && count_failing(stage::dlq) == 0;
  if (idle || now >= drain_.deadline + std::chrono::milliseconds{500}) {
    release(true);
    return;
  }
  if (now >= drain_.cut && !cut_) {
    cut_ = true;
    drop_at_handlers(false);
  }
  if (now >= drain_.deadline && !fenced_) {
    fenced_ = true;
    drop_at_handlers(true);
    if (at_handlers_ <= 0) {
      release(true); // only dead letters are still unwritten
    }
  }
}

void partition_consumer_state::drop_at_handlers(bool running_too) {
  for (auto& t : tenants_) {
    for (const auto& w : std::exchange(t.before_lease, {})) {
      if (w.kind != work_kind::parked) {
        at_handlers_ -= static_cast<std::int64_t>(w.slice.items.size());
      }
    }
    if (t.handler) {
      caf::anon_send<caf::message_priority::high>(t.handler,
                                                  epoch_dropped{assigned_.epoch, running_too});
    }
  }
}

void partition_consumer_state::release(bool commit) {
  if (released_) {
    return;
  }
  take_finished();
  released_ = true;
  drop_at_handlers(true); // frees the lanes that waiting retries still keep
  std::optional<commit_request> last;
  if (commit) {
    commit_in_flight_ = false;
    last = planted("leave_without_commit") ? std::nullopt : commit_now();
    context_->source->release(assigned_.epoch, std::move(last));
  }
  counts_.pending = tracker_.unfinished();
  counts_.fenced = counts_.pending;
  counts_.pending = 0;
  page_.publish(counts_, {});
  page_.close();
  log_.info("partition_released", "a partition was given up",
            {{"topic", assigned_.tp.topic},
             {"partition", assigned_.tp.partition.value()},
             {"epoch", assigned_.epoch.value()},
             {"committed", commit},
             {"unfinished", counts_.fenced},
             {"fenced_running", fenced_running_},
             {"waiting_retry", count_failing(stage::retry)}});
  self_->send(supervisor_,
              partition_released{assigned_.epoch, fenced_running_, count_failing(stage::dlq)});
  self_->quit();
}

} // namespace streamer
