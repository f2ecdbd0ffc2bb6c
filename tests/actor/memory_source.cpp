#include "tests/actor/memory_source.hpp"

#include <algorithm>
#include <utility>

namespace streamer::test {

void memory_source::ask(std::function<void()> command) {
  const std::lock_guard lock{mutex_};
  commands_.push_back(std::move(command));
}

void memory_source::start(std::vector<assignment_epoch> epochs) {
  ask([this, epochs = std::move(epochs)] {
    for (const auto epoch : epochs) {
      if (const auto o = owned_.find(epoch); o != owned_.end()) {
        o->second.started = true;
      }
    }
  });
}

void memory_source::commit(std::vector<commit_request> requests) {
  ask([this, requests = std::move(requests)] {
    for (const auto& r : requests) {
      held_.push_back(r);
    }
    answer_held();
  });
}

void memory_source::release(assignment_epoch epoch, std::optional<commit_request> last) {
  ask([this, epoch, last = std::move(last)] {
    const auto o = owned_.find(epoch);
    const bool moved = o != owned_.end() && o->second.move_to.has_value();
    if (last && !moved) {
      take_commit(*last, true);
    }
    if (o == owned_.end()) {
      return;
    }
    const auto [tp, again] = std::pair{o->second.tp, o->second.moving && !o->second.leaving};
    if (moved) {
      logs_[tp].committed = {o->second.move_to, -1, {}};
    }
    releases.push_back({tp, epoch, last.has_value()});
    owned_.erase(o);
    if (again) {
      begin({tp});
    }
  });
}

void memory_source::pause(assignment_epoch epoch) {
  ask([this, epoch] {
    if (const auto o = owned_.find(epoch); o != owned_.end()) {
      o->second.paused = true;
      pauses.push_back(o->second.tp);
    }
  });
}

void memory_source::resume(assignment_epoch epoch) {
  ask([this, epoch] {
    if (const auto o = owned_.find(epoch); o != owned_.end()) {
      o->second.paused = false;
      resumes.push_back(o->second.tp);
    }
  });
}

void memory_source::restart(std::vector<assignment_epoch> epochs) {
  ask([this, epochs = std::move(epochs)] {
    std::vector<topic_partition> again;
    for (const auto epoch : epochs) {
      const auto o = owned_.find(epoch);
      if (o == owned_.end()) {
        continue;
      }
      if (!o->second.leaving) {
        again.push_back(o->second.tp);
        restarts.push_back(o->second.tp);
      }
      owned_.erase(o);
    }
    begin(again);
  });
}

void memory_source::stop_intake() {
  ask([this] { intake_stopped = true; });
}

void memory_source::leave() {
  ask([this] {
    owned_.clear();
    left = true;
    events_->on_left();
  });
}

offset_id memory_source::append(const topic_partition& tp, record_spec spec) {
  auto& log = logs_[tp];
  const offset_id offset{log.end++};
  log.records.push_back({offset, std::move(spec)});
  return offset;
}

void memory_source::skip_offsets(const topic_partition& tp, std::int64_t count) {
  logs_[tp].end += count;
}

const std::vector<stored_record>& memory_source::log_of(const topic_partition& tp) {
  return logs_[tp].records;
}

offset_id memory_source::end_of(const topic_partition& tp) { return offset_id{logs_[tp].end}; }

void memory_source::set_committed(const topic_partition& tp, committed_position to) {
  logs_[tp].committed = std::move(to);
}

const committed_position& memory_source::committed(const topic_partition& tp) {
  return logs_[tp].committed;
}

void memory_source::assign(const std::vector<topic_partition>& partitions) { begin(partitions); }

void memory_source::begin(const std::vector<topic_partition>& partitions) {
  std::vector<assigned_partition> assigned;
  for (const auto& tp : partitions) {
    const assignment_epoch epoch{next_epoch_++};
    const auto& committed = logs_[tp].committed;
    ownership o;
    o.tp = tp;
    o.position = committed.offset ? committed.offset->value() : 0;
    owned_.emplace(epoch, std::move(o));
    assigned.push_back({tp, epoch, committed, cluster_id});
  }
  if (!assigned.empty()) {
    events_->on_assigned(std::move(assigned));
  }
}

void memory_source::revoke(const std::vector<topic_partition>& partitions) {
  std::vector<assignment_epoch> epochs;
  for (auto& [epoch, o] : owned_) {
    if (std::find(partitions.begin(), partitions.end(), o.tp) != partitions.end()) {
      o.leaving = true;
      epochs.push_back(epoch);
    }
  }
  events_->on_revoking(std::move(epochs));
}

void memory_source::stop(const topic_partition& tp) {
  stopped_.insert(tp);
  const auto epoch = epoch_of(tp).value();
  owned_.at(epoch).moving = true;
  events_->on_stopping({epoch});
}

void memory_source::go_on(const topic_partition& tp) { stopped_.erase(tp); }

void memory_source::move(const topic_partition& tp, offset_id to) {
  const auto epoch = epoch_of(tp).value();
  owned_.at(epoch).moving = true;
  owned_.at(epoch).move_to = to;
  events_->on_stopping({epoch});
}

void memory_source::lose(const std::vector<topic_partition>& partitions) {
  std::vector<assignment_epoch> epochs;
  for (const auto& tp : partitions) {
    if (const auto epoch = epoch_of(tp)) {
      epochs.push_back(*epoch);
      owned_.erase(*epoch);
    }
  }
  events_->on_lost(std::move(epochs));
}

std::optional<assignment_epoch> memory_source::epoch_of(const topic_partition& tp) const {
  const auto found =
      std::find_if(owned_.begin(), owned_.end(), [&](const auto& o) { return o.second.tp == tp; });
  return found == owned_.end() ? std::nullopt : std::optional{found->first};
}

source_facts memory_source::facts_of(const topic_partition& tp) {
  source_facts facts{0, -1, logs_[tp].end, false};
  if (const auto epoch = epoch_of(tp)) {
    facts.position = owned_.at(*epoch).position;
  }
  return facts;
}

void memory_source::answer_held() {
  if (hold_commits) {
    return;
  }
  for (auto& request : std::exchange(held_, {})) {
    take_commit(std::move(request), false);
  }
}

void memory_source::take_commit(commit_request request, bool last) {
  const auto o = owned_.find(request.epoch);
  seen_commit seen{{}, request.epoch, request.offset, request.metadata, last};
  auto state = commit_state::stale;
  if (o == owned_.end()) {
    stale.push_back(seen);
  } else {
    seen.tp = o->second.tp;
    state = judge ? judge(seen) : commit_state::committed;
    if (state == commit_state::committed) {
      if (on_commit) {
        on_commit(seen);
      }
      logs_[seen.tp].committed = {request.offset, request.leader_epoch, request.metadata};
      commits.push_back(seen);
    }
  }
  if (!last) {
    const bool refused = state != commit_state::committed;
    events_->on_committed({{request.epoch, request.offset, state, refused ? "REFUSED" : ""}});
  }
}

bool memory_source::deliver(assignment_epoch epoch, ownership& owned) {
  if (!owned.started || owned.paused || owned.leaving || owned.moving || intake_stopped ||
      stopped_.contains(owned.tp)) {
    return false;
  }
  const auto& log = logs_[owned.tp];
  auto next = std::lower_bound(
      log.records.begin(), log.records.end(), owned.position,
      [](const stored_record& r, std::int64_t offset) { return r.offset.value() < offset; });
  if (next == log.records.end()) {
    if (owned.end_told == log.end) {
      return false;
    }
    owned.end_told = log.end;
    events_->on_end_reached(epoch, offset_id{log.end});
    return true;
  }
  const auto most = std::min(credit_->available(), static_cast<std::int64_t>(batch_size));
  if (most <= 0) {
    return false;
  }
  std::vector<stored_record> stored;
  for (; next != log.records.end() && std::cmp_less(stored.size(), most); ++next) {
    stored.push_back(*next);
  }
  owned.position = stored.back().offset.value() + 1;
  delivered += stored.size();
  auto batch = std::make_shared<memory_batch>(owned.tp, std::move(stored));
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < batch->records().size(); ++i) {
    bytes += static_cast<std::int64_t>(batch->charged_bytes(i));
  }
  credit_->take(static_cast<std::int64_t>(batch->records().size()), bytes);
  most_in_flight = std::max(most_in_flight, credit_->held_records());
  batches_.emplace_back(batch);
  events_->on_records(epoch, std::move(batch));
  return true;
}

std::size_t memory_source::batches_alive() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(batches_, [](const auto& batch) { return !batch.expired(); }));
}

bool memory_source::poll() {
  std::vector<std::function<void()>> commands;
  {
    const std::lock_guard lock{mutex_};
    commands.swap(commands_);
  }
  for (const auto& command : commands) {
    command();
  }
  bool moved = !commands.empty();
  if (!held_.empty() && !hold_commits) {
    answer_held();
    moved = true;
  }
  for (auto& [epoch, owned] : owned_) {
    moved = deliver(epoch, owned) || moved;
  }
  return moved;
}

} // namespace streamer::test
