// consumer_loop: partitions that operators pause and move. Both end the ownership's consumer as a
// rebalance does, only with more time for what runs, and begin a new one: so a paused partition
// holds no record and no credit, and nothing of the old place can come in between at the new one.
#include "runtime/kafka/consumer_loop.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace streamer {
namespace {

// Each of two questions at most; this thread also serves the group.
constexpr std::chrono::seconds seek_patience{1};

} // namespace

void consumer_loop::pause_partition(const topic_partition& tp, const operator_pause& why) {
  auto* const found = routes_.find(tp);
  const auto asked_for = [&](const auto& request) {
    return std::ranges::find(request.second, tp) != request.second.end();
  };
  const bool between_two =
      unlocated_.contains(tp) || std::ranges::any_of(offset_requests_, asked_for);
  // What has just been taken away must not be paused when it comes back.
  if ((found == nullptr ? !between_two : found->leaving) || !stopped_.emplace(tp, why).second) {
    return;
  }
  if (found == nullptr) {
    return; // its next ownership begins paused
  }
  found->stopped = true;
  if (!found->released && !found->restarting && !found->moving) {
    begin_move(*found);
  }
}

void consumer_loop::resume_partition(const topic_partition& tp) {
  if (stopped_.erase(tp) == 0) {
    return;
  }
  if (auto* const found = routes_.find(tp)) {
    found->stopped = false;
    update_fetching({found});
  }
}

void consumer_loop::begin_move(route& of) {
  of.moving = true;
  update_fetching({&of});
  events_.on_stopping({of.epoch});
}

seek_answer consumer_loop::seek(const topic_partition& tp, const seek_target& to) {
  using enum seek_answer::state;
  auto* const found = routes_.find(tp);
  if (found == nullptr || found->leaving) {
    return {not_assigned};
  }
  if (found->released || found->restarting || found->moving || failed_ || leave_by_) {
    return {busy};
  }
  const auto facts = ask_seek_facts(tp, to);
  if (!facts) {
    return {no_answer};
  }
  auto plan = plan_seek(tp, to, *facts);
  if (auto* const refusal = std::get_if<std::string>(&plan)) {
    return {out_of_range, {}, std::move(*refusal)};
  }
  auto& planned = std::get<seek_plan>(plan);
  found->seek_to = planned.to;
  seeking_.insert_or_assign(tp, planned.to);
  begin_move(*found);
  return {moving, planned.to, std::move(planned.remark)};
}

std::optional<seek_facts> consumer_loop::ask_seek_facts(const topic_partition& tp,
                                                        const seek_target& to) {
  const auto range = fetcher_->ask_range(tp, seek_patience);
  if (!range) {
    return std::nullopt;
  }
  seek_facts facts{offset_id{range->first}, offset_id{range->second}, std::nullopt};
  if (to.to == seek_target::kind::timestamp) {
    const auto at = fetcher_->ask_time(tp, to.value, seek_patience);
    if (!at) {
      return std::nullopt;
    }
    if (*at) {
      facts.at_time = offset_id{**at};
    }
  }
  return facts;
}

void consumer_loop::note_landing(const topic_partition& tp, const committed_position& committed) {
  const auto sought = seeking_.extract(tp);
  if (sought.empty()) {
    return;
  }
  const auto offset = committed.offset ? committed.offset->value() : -1;
  if (committed.offset == sought.mapped()) {
    log_.info("partition_sought", "a partition goes on where an operator has moved it",
              {{"topic", tp.topic}, {"partition", tp.partition.value()}, {"offset", offset}});
  } else {
    log_.error("seek_failed",
               "a seek was not committed: the partition goes on where it was; seek again",
               {{"topic", tp.topic},
                {"partition", tp.partition.value()},
                {"offset", offset},
                {"sought", sought.mapped().value()}});
  }
}

// What an operator has told this worker does not reach the partition's next owner. A seek does, as
// the last commit, unless the partition is already lost.
void consumer_loop::end_pauses(const std::vector<topic_partition>& partitions) {
  for (const auto& tp : partitions) {
    seeking_.erase(tp);
    if (const auto pause = stopped_.extract(tp)) {
      log_.warn(
          "pause_ended",
          "the group takes away a partition that an operator has paused: its next owner "
          "reads it",
          {{"topic", tp.topic}, {"partition", tp.partition.value()}, {"by", pause.mapped().by}});
    }
  }
}

} // namespace streamer
