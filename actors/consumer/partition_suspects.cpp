// The partition consumer's part that keeps suspects from running as others do.
#include "actors/consumer/partition_consumer.hpp"

#include <caf/send.hpp>

namespace streamer {
namespace {

// A fault of the suspects' topic must not hold a partition.
constexpr std::chrono::seconds suspects_patience{3};

} // namespace

void partition_consumer_state::ask_for_suspects() {
  if (context_->suspect_marks) {
    suspects_asked_ = context_->suspect_marks->refresh();
    suspects_overdue_ = self_->clock().now() + suspects_patience;
  }
}

// Nothing is handed out before it is known what other members have found out.
bool partition_consumer_state::awaits_suspects() {
  if (!suspects_asked_) {
    return false;
  }
  const bool read = context_->suspect_marks->read_until() >= *suspects_asked_;
  if (!read && self_->clock().now() < suspects_overdue_) {
    return true;
  }
  suspects_asked_.reset();
  if (!read) {
    log_.warn("suspects_unread",
              "a partition starts without the group's suspects: they could not be read in time",
              {{"topic", assigned_.tp.topic}, {"partition", assigned_.tp.partition.value()}});
  }
  settle_suspects();
  return false;
}

// What is committed is done, whoever still suspects it: a worker that came back late, or a
// quarantine that ended before it could clear the mark.
void partition_consumer_state::settle_suspects() {
  if (!committed_offset_ || context_->suspects->size() == 0) {
    return;
  }
  suspects_settled settled;
  for (const auto& [offset, mark] : context_->suspects->of(assigned_.tp)) {
    if (offset < *committed_offset_) {
      settled.places.push_back({assigned_.tp, offset});
    }
  }
  if (!settled.places.empty()) {
    self_->send(links_.quarantine, std::move(settled));
  }
}

void partition_consumer_state::hold_for_suspects(record_batch_ptr batch) {
  held_since_ = self_->clock().now();
  context_->assignment->holding.fetch_add(1);
  held_records_ += batch->records().size();
  held_.push_back({std::move(batch), 0});
}

void partition_consumer_state::mark_suspects(work_batch& work) {
  if (const auto version = context_->suspects->version(); version != suspects_version_) {
    suspects_version_ = version;
    suspects_ = context_->suspects->of(assigned_.tp);
  }
  if (suspects_.empty()) {
    return;
  }
  for (auto& item : work.items) {
    if (suspects_.contains(work.records.ref(item.record).get().offset)) {
      item.trial = trial_kind::suspect;
    }
  }
}

// Its turn in its lane has come; the lane stays kept.
void partition_consumer_state::want_alone(slot_id slot, failing_entry& f) {
  move_to(f, stage::alone);
  if (!draining_) {
    const auto offset = f.record().get().offset;
    self_->send(links_.quarantine,
                alone_wanted{self_, assigned_.epoch, slot, {assigned_.tp, offset}});
  }
}

void partition_consumer_state::on_alone(const alone_verdict& msg) {
  const auto found = failing_.find(msg.slot);
  if (released_ || draining_ || found == failing_.end() || found->second.where != stage::alone) {
    self_->send(links_.quarantine, alone_declined{assigned_.epoch, msg.slot});
    return;
  }
  auto& f = found->second;
  if (!msg.crashes) {
    f.work->items.front().trial = trial_kind::alone;
    // Should its handler die with it.
    if (f.last.cause == failure_class::none) {
      f.last.cause = failure_class::handler_restart;
      f.last.kind = outcome_kind::retry;
    }
    run_again(f);
  } else {
    // The crash that made it a suspect was an attempt too.
    f.attempts += *msg.crashes + 1;
    f.reason = dead_letter_reason::crash;
    f.last = {outcome_kind::reject,
              failure_class::quarantined,
              "the process ended uncleanly " + std::to_string(*msg.crashes) +
                  " times while the record ran alone",
              {}};
    bury({msg.slot});
  }
  publish();
}

void partition_consumer_state::want_all_alone() {
  for (auto& [slot, f] : failing_) {
    if (f.where == stage::alone) {
      want_alone(slot, f);
    }
  }
}

void partition_consumer_state::decline_all_alone() {
  for (const auto& [slot, f] : failing_) {
    if (f.where == stage::alone) {
      self_->send(links_.quarantine, alone_declined{assigned_.epoch, slot});
    }
  }
}

} // namespace streamer
