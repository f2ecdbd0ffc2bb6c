#include "actors/consumer/quarantine_rule.hpp"

#include <algorithm>
#include <utility>

namespace streamer {

quarantine_rule::actions quarantine_rule::on_wanted(const suspect_request& r,
                                                    const suspect_mark& known,
                                                    clock::time_point now) {
  actions todo;
  const auto same = [&](const entry& e) { return e.request.same(r.epoch, r.slot); };
  // Whoever asks anew while it runs has lost the run with its handler.
  if (state_ == state::running && same(queue_.front())) {
    todo = end_run(false, std::move(todo), now);
  }
  if (known.crashes >= most_crashes_alone) {
    todo.emplace_back(condemn{r, known.crashes});
    return advance(std::move(todo), now);
  }
  // One that another process doubted is excused: that one has ended too, without the record.
  const bool mine = known.by == process_;
  if ((known.alone && !mine) || (known.doubted && mine)) {
    begin_doubt(r, known, todo, now);
  } else if (std::none_of(queue_.begin(), queue_.end(), same)) {
    queue_.push_back({r, known.crashes});
  }
  return advance(std::move(todo), now);
}

quarantine_rule::actions quarantine_rule::on_quiet(clock::time_point now) {
  quiet_ = true;
  return advance({}, now);
}

quarantine_rule::actions quarantine_rule::on_marked(bool ok, clock::time_point now) {
  if (unwanted_answers_ > 0) {
    --unwanted_answers_;
    return advance({}, now);
  }
  if (!marking_) {
    return {};
  }
  marking_ = false;
  marked_ = ok;
  actions todo;
  if (ok) {
    backoff_ = std::chrono::milliseconds{0};
  } else {
    // It waits, but nobody with it.
    backoff_ = std::clamp(backoff_ * 2, limits_.first_backoff, limits_.longest_backoff);
    release(todo, now);
    not_before_ = std::max(not_before_, now + backoff_);
  }
  return advance(std::move(todo), now);
}

quarantine_rule::actions quarantine_rule::on_ended(bool finished, clock::time_point now) {
  return state_ == state::running ? end_run(finished, {}, now) : actions{};
}

quarantine_rule::actions quarantine_rule::on_declined(assignment_epoch epoch, slot_id slot,
                                                      clock::time_point now) {
  if (state_ == state::running && queue_.front().request.same(epoch, slot)) {
    return end_run(false, {}, now);
  }
  actions todo;
  drop_doubts([&](const suspect_request& r) { return r.same(epoch, slot); }, todo);
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const entry& e) { return e.request.same(epoch, slot); });
  if (found != queue_.end()) {
    remove(found, todo);
  }
  return advance(std::move(todo), now);
}

quarantine_rule::actions quarantine_rule::on_gone(assignment_epoch epoch, clock::time_point now) {
  actions todo;
  if (state_ == state::running && queue_.front().request.epoch == epoch) {
    todo = end_run(false, std::move(todo), now);
  }
  drop_doubts([&](const suspect_request& r) { return r.epoch == epoch; }, todo);
  for (auto e = queue_.begin(); e != queue_.end();) {
    const bool keep =
        e->request.epoch != epoch || (state_ == state::running && e == queue_.begin());
    const auto at = e - queue_.begin();
    if (!keep) {
      remove(e, todo);
    }
    e = queue_.begin() + at + (keep ? 1 : 0);
  }
  return advance(std::move(todo), now);
}

quarantine_rule::actions quarantine_rule::on_tick(clock::time_point now) {
  if (state_ == state::running && now - turn_since_ >= limits_.longest_run) {
    return end_run(false, {}, now);
  }
  actions todo;
  end_doubts(todo, now);
  return advance(std::move(todo), now);
}

void quarantine_rule::begin_doubt(const suspect_request& r, const suspect_mark& known,
                                  actions& todo, clock::time_point now) {
  const bool known_already = std::any_of(doubted_.begin(), doubted_.end(), [&](const doubt& d) {
    return d.request.same(r.epoch, r.slot);
  });
  if (!known_already) {
    doubted_.push_back({r, known.crashes, known.alone ? known.by : "unknown", now + limits_.doubt});
    todo.emplace_back(change_mark{r.place, suspect_mark{known.crashes, false, process_, true}});
  }
}

void quarantine_rule::end_doubts(actions& todo, clock::time_point now) {
  std::erase_if(doubted_, [&](const doubt& d) {
    if (now < d.until) {
      return false;
    }
    const auto crashes = d.crashes + 1;
    todo.emplace_back(count_crash{d.request.place, crashes});
    todo.emplace_back(change_mark{d.request.place, suspect_mark{crashes, false, {}}});
    if (crashes >= most_crashes_alone) {
      todo.emplace_back(condemn{d.request, crashes});
    } else {
      queue_.push_back({d.request, crashes});
    }
    return true;
  });
}

// Whoever has it next begins anew: nothing is known yet.
template <class Gone>
void quarantine_rule::drop_doubts(Gone gone, actions& todo) {
  std::erase_if(doubted_, [&](const doubt& d) {
    if (!gone(d.request)) {
      return false;
    }
    todo.emplace_back(change_mark{d.request.place, suspect_mark{d.crashes, true, d.died}});
    return true;
  });
}

quarantine_rule::actions quarantine_rule::end_run(bool finished, actions todo,
                                                  clock::time_point now) {
  const auto ended = queue_.front();
  queue_.pop_front();
  todo.emplace_back(
      change_mark{ended.request.place,
                  finished ? std::nullopt : std::optional{suspect_mark{ended.crashes, false, {}}}});
  state_ = state::ready;
  marked_ = false;
  if (queue_.empty() || now - held_since_ >= limits_.hold) {
    release(todo, now);
  }
  return advance(std::move(todo), now);
}

void quarantine_rule::remove(const std::deque<entry>::iterator& e, actions& todo) {
  if (e == queue_.begin() && (marking_ || marked_)) {
    unwanted_answers_ += marking_ ? 1 : 0;
    marking_ = marked_ = false;
    todo.emplace_back(change_mark{e->request.place, suspect_mark{e->crashes, false, {}}});
  }
  queue_.erase(e);
}

void quarantine_rule::begin_turn(actions& todo, clock::time_point now) {
  quiet_ = false;
  marking_ = true;
  turn_since_ = now;
  const auto& head = queue_.front();
  if (state_ == state::open) {
    state_ = state::ready;
    held_since_ = now;
    todo.emplace_back(hold_calls{});
  } else {
    todo.emplace_back(watch_calls{});
  }
  todo.emplace_back(write_mark{head.request.place, {head.crashes, true, process_}});
}

quarantine_rule::actions quarantine_rule::advance(actions todo, clock::time_point now) {
  if (state_ == state::running) {
    return todo;
  }
  // Another suspect's run would be a reason of its own for an end. A turn that has begun goes on.
  const bool nobody_next = queue_.empty() || (!doubted_.empty() && !marking_ && !marked_);
  if (nobody_next) {
    if (state_ == state::ready) {
      release(todo, now);
    }
    return todo;
  }
  if (!marking_ && !marked_ && (state_ == state::ready || now >= not_before_)) {
    begin_turn(todo, now);
  }
  if (marked_ && (quiet_ || now - turn_since_ >= limits_.patience)) {
    marked_ = false;
    state_ = state::running;
    turn_since_ = now;
    todo.emplace_back(run{queue_.front().request});
  }
  return todo;
}

// Others get as much time as they have waited.
void quarantine_rule::release(actions& todo, clock::time_point now) {
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - held_since_);
  state_ = state::open;
  not_before_ = now + std::min(waited, limits_.longest_pause);
  todo.emplace_back(let_go{});
}

} // namespace streamer
