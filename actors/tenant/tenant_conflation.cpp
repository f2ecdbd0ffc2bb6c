// The tenant handler's part that passes over records which a newer one of their key makes
// needless (handlers.conflate).
#include "actors/tenant/tenant_handler.hpp"

namespace streamer {

// All of a slice is queued before any of it runs: of what comes together the newest is taken too.
void tenant_handler_state::on_fresh_conflating(const work_slice& slice) {
  std::vector<work_ref> first; // of their lanes
  for (const auto item : slice.items) {
    const work_ref ref{slice.batch, item};
    const auto lane = ref.get().lane;
    if (lane.value() == 0 || lanes_.occupy(lane, ref.owner())) {
      first.push_back(ref);
    } else {
      lanes_.wait(lane, ref.owner(), ref);
    }
  }
  for (const auto& ref : first) {
    if (ref.get().lane.value() == 0) {
      start(ref, false);
    } else {
      start(newest_of(ref), true);
    }
  }
}

// One that is failing, or must not be looked at now, has no handler: it is a border.
conflation_candidate tenant_handler_state::candidate(const work_ref& ref) {
  const auto record = ref.batch().ref(ref.item);
  conflation_candidate c;
  if (record.batch == nullptr) {
    return c; // see start
  }
  c.key = record.get().key;
  c.failing = ref.get().attempts_before > 0 || ref.get().trial != trial_kind::none;
  if (c.failing || (!call_ && !(call_ = context_->calls->enter()))) {
    return c;
  }
  // Routing may parse it, which may end the process.
  call_.runs(ref.batch().place, 1, record.get().offset);
  const auto route = context_->router.select(record, ref.get().encoding);
  if (route.handler && context_->handlers[*route.handler].conflates) {
    c.handler = route.handler;
  }
  return c;
}

// Of the records that wait in the lane of `first`, which owns it: the one to run. Those before it
// are skipped.
tenant_handler_state::work_ref tenant_handler_state::newest_of(work_ref first) {
  if (first.get().lane.value() == 0) {
    return first;
  }
  auto current = candidate(first);
  while (current.handler) {
    conflation_candidate next;
    auto newer = lanes_.pass_over(first.get().lane, first.owner(), [&](const work_ref& waiting) {
      if (waiting.batch().epoch != first.batch().epoch) {
        return false;
      }
      next = candidate(waiting);
      return may_pass_over(current, next);
    });
    if (!newer) {
      break;
    }
    results_for(first.batch()).skipped.push_back(first.get().slot);
    conflated_.add();
    first = std::move(*newer);
    current = next;
  }
  return first;
}

} // namespace streamer
