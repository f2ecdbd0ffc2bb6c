#include "runtime/system/suspect_keeper.hpp"

#include <future>
#include <iterator>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds keeper_retry_pause{500};
constexpr std::chrono::milliseconds last_words{1'500};

} // namespace

suspect_keeper::suspect_keeper(const settings& config, std::shared_ptr<suspect_board> board,
                               gauge_ref shared, const log_handle& log)
    : log_{log},
      board_{std::move(board)},
      shared_{shared},
      file_{config.runtime.state_dir},
      topic_{std::in_place, config, log, [this] { return out_of_time(); }} {
  shared_.set(1);
  // That the topic cannot be made is found out with the first mark: the counts of an earlier run
  // are needed before.
  file_.read(*board_);
  file_used_ = board_->size() > 0;
  thread_ = std::thread{[this] { serve(); }};
}

suspect_keeper::~suspect_keeper() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    stop_by_.store((clock::now() + last_words).time_since_epoch().count());
  }
  changed_.notify_all();
  thread_.join();
}

bool suspect_keeper::out_of_time() const {
  const auto by = stop_by_.load();
  return by != 0 && clock::now().time_since_epoch().count() > by;
}

std::uint64_t suspect_keeper::refresh() {
  const std::lock_guard lock{mutex_};
  changed_.notify_all();
  return ++asked_;
}

void suspect_keeper::write(std::vector<mark_change> changes, std::function<void(bool)> done) {
  const std::lock_guard lock{mutex_};
  requests_.push_back({std::move(changes), std::move(done)});
  changed_.notify_all();
}

bool suspect_keeper::publish(const std::vector<record_place>& places,
                             const std::vector<crash_alone>& crashes,
                             std::chrono::milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  const auto number = refresh();
  bool known = false;
  {
    std::unique_lock lock{mutex_};
    known = read_changed_.wait_until(lock, deadline, [&] { return read_.load() >= number; });
  }
  std::vector<mark_change> fresh;
  for (const auto& place : places) {
    if (!board_->find(place)) {
      fresh.push_back({place, suspect_mark{}});
    }
  }
  for (const auto& c : crashes) {
    const auto mark = known ? board_->find(c.place) : std::nullopt;
    if (mark && mark->alone && mark->by == c.process) {
      fresh.push_back({c.place, suspect_mark{mark->crashes + 1, false, {}}});
    }
  }
  put_on_board(fresh);
  if (!known) {
    return false; // what is written blindly might set a count back
  }
  if (fresh.empty()) {
    return true;
  }
  auto written = std::make_shared<std::promise<bool>>();
  auto answer = written->get_future();
  write(std::move(fresh), [written](bool ok) { written->set_value(ok); });
  return answer.wait_until(deadline) == std::future_status::ready && answer.get();
}

void suspect_keeper::serve() {
  bool failed = false;
  std::unique_lock lock{mutex_};
  for (;;) {
    if (failed) {
      changed_.wait_for(lock, keeper_retry_pause, [this] { return stopping_; });
    } else {
      changed_.wait(lock,
                    [this] { return stopping_ || !requests_.empty() || asked_ > read_.load(); });
    }
    const auto wanted = asked_;
    auto requests = std::exchange(requests_, {});
    const bool last = stopping_;
    lock.unlock();
    failed = false;
    if (!last && wanted > read_.load()) {
      failed = !read_once();
      const std::lock_guard told{mutex_};
      read_.store(failed ? read_.load() : wanted);
      read_changed_.notify_all();
    }
    if (!requests.empty() || !unwritten_.empty()) {
      failed = !write_once(std::move(requests)) || failed;
    }
    lock.lock();
    if (last) {
      return;
    }
  }
}

bool suspect_keeper::read_once() {
  if (topic_) {
    const auto answer = topic_->read(*board_);
    if (answer.ended == suspects_answer::state::done) {
      return true;
    }
    if (answer.ended == suspects_answer::state::later) {
      log_.debug("suspects_unread", answer.why);
      return false;
    }
    fall_back(answer);
  }
  file_.read(*board_);
  return true;
}

bool suspect_keeper::write_once(std::vector<request> requests) {
  std::vector<mark_change> all;
  for (auto& [place, mark] : unwritten_) {
    all.push_back({place, mark});
  }
  for (const auto& r : requests) {
    all.insert(all.end(), r.changes.begin(), r.changes.end());
  }
  const bool ok = put_down(all);
  if (ok) {
    unwritten_.clear();
    put_on_board(all);
  }
  for (auto& r : requests) {
    if (r.done) {
      r.done(ok);
    } else if (!ok) {
      for (auto& c : r.changes) {
        unwritten_.insert_or_assign(std::move(c.place), std::move(c.mark));
      }
    }
  }
  return ok;
}

bool suspect_keeper::put_down(const std::vector<mark_change>& changes) {
  if (topic_) {
    const auto answer = topic_->write(changes);
    if (answer.ended == suspects_answer::state::done) {
      if (file_used_) {
        static_cast<void>(file_.write(changes)); // what is cleared must not come back from there
      }
      return true;
    }
    if (answer.ended == suspects_answer::state::later) {
      log_.debug("suspects_unwritten", answer.why);
      return false;
    }
    fall_back(answer);
  }
  if (auto failure = file_.write(changes); failure && !std::exchange(file_refused_, true)) {
    log_.warn("suspects_file_unwritten",
              "suspect records are forgotten when this process ends: runtime.state_dir cannot be "
              "written",
              {{"why", *failure}});
  }
  return true;
}

void suspect_keeper::fall_back(const suspects_answer& why) {
  topic_.reset();
  shared_.set(0);
  log_.warn("suspects_not_shared",
            "this worker keeps its own count of records that kill a process: the group's topic of "
            "suspects cannot be had",
            {{"why", why.why}});
}

void suspect_keeper::put_on_board(const std::vector<mark_change>& changes) {
  for (const auto& c : changes) {
    if (c.mark) {
      board_->put(c.place, *c.mark);
    } else {
      board_->erase(c.place);
    }
  }
}

} // namespace streamer
