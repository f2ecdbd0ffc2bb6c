// The tenant handler's part that lets calls in, one by one or alone.
#include "actors/tenant/tenant_handler.hpp"

namespace streamer {

// Records that may not start: a suspect goes back, others wait for the end of a run alone.
bool tenant_handler_state::admit(const work_ref& ref, bool holds_lane) {
  switch (ref.get().trial) {
    case trial_kind::alone: alone_ = ref.owner(); return true;
    case trial_kind::suspect:
      fail(ref, nullptr, ref.get().attempts_before,
           {outcome_kind::retry, failure_class::quarantined, "waits to run alone", {}}, holds_lane);
      return false;
    case trial_kind::none: break;
  }
  if (!context_->calls->held()) {
    return true;
  }
  hold_back(ref, holds_lane);
  return false;
}

handler_calls::call tenant_handler_state::enter(const work_ref& ref) {
  return ref.get().trial == trial_kind::alone ? context_->calls->enter_alone()
                                              : context_->calls->enter();
}

void tenant_handler_state::hold_back(const work_ref& ref, bool holds_lane) {
  if (!holds_lane) {
    keep_lane(ref);
  }
  held_back_.push_back(ref);
  ask_to_be_woken();
}

void tenant_handler_state::ask_to_be_woken() {
  if (!std::exchange(wake_asked_, true)) {
    context_->calls->when_let_go([wake = wake_, woken = woken_] {
      woken->store(true);
      wake();
    });
  }
}

void tenant_handler_state::start_held_back() {
  if (woken_->exchange(false)) {
    wake_asked_ = false;
  }
  if (held_back_.empty()) {
    return;
  }
  if (context_->calls->held()) {
    ask_to_be_woken();
    return;
  }
  for (const auto& ref : std::exchange(held_back_, {})) {
    if (is_cut(ref.batch().epoch)) {
      results_for(ref.batch()).dropped.push_back(ref.get().slot);
      free_lane(ref);
    } else {
      start(ref, true);
    }
  }
}

void tenant_handler_state::drop_held_back(const epoch_dropped& msg) {
  std::erase_if(held_back_, [&](const work_ref& ref) {
    if (ref.batch().epoch != msg.epoch) {
      return false;
    }
    results_for(ref.batch()).dropped.push_back(ref.get().slot);
    if (!msg.running_too) {
      free_lane(ref);
    }
    return true;
  });
}

// If this is the suspect's attempt, it is over: what comes next does not count as alone.
void tenant_handler_state::ended_alone(const work_ref& ref, bool finished) {
  if (alone_ == ref.owner()) {
    alone_.reset();
    call_.release();
    context_->calls->alone_ended(finished);
  }
}

} // namespace streamer
