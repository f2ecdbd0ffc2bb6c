#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace streamer {

/// How a pool's threads are divided between tenants.
struct pool_share {
  std::size_t threads = 1;
  /// `tenants.limits.ID.weight`; a tenant that is not named has 1.
  std::map<std::string, double, std::less<>> weights{};
};

/// Whose job a pool's thread takes next. The tenant whose jobs have kept threads for the least
/// time, divided by its weight, goes first: a tenant of slow jobs gets fewer turns than one of
/// quick ones. As long as a user of the pool has nothing running, those that have leave a quarter
/// of the threads, and at least one, to it. Two jobs with the same guard never run at the same
/// time. A plain value; costs O(log tenants) a job.
template <class Job>
class pool_turns {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct turn {
    std::string tenant;
    std::uint64_t guard = 0;
    Job job;
  };

  /// A tenant counts as a user of the pool for so long after its last job came.
  static constexpr std::chrono::seconds user_for{5};

  explicit pool_turns(pool_share share)
      : share_{std::move(share)}, kept_free_{std::max<std::size_t>(1, share_.threads / 4)} {}

  /// So many threads from now on; what runs goes on.
  void resize(std::size_t threads) {
    share_.threads = threads;
    kept_free_ = std::max<std::size_t>(1, threads / 4);
  }

  void push(const std::string& tenant, std::uint64_t guard, Job job, time_point now) {
    note_user(tenant, now);
    enqueue(tenant, guard, std::move(job));
    ++queued_;
  }

  /// The next job for a thread that is free; nothing: none may start now.
  std::optional<turn> take(time_point now) {
    for (auto at = ready_.begin(); at != ready_.end();) {
      auto& f = *std::get<2>(*at);
      if (!may_start(f, now)) {
        ++at;
        continue;
      }
      auto next = std::move(f.jobs.front());
      f.jobs.pop_front();
      at = ready_.erase(at);
      if (!guarded_.insert(next.first).second) {
        const auto guard = next.first;
        behind_guard_[guard].push_back({f.tenant, guard, std::move(next.second)});
        at = put_back(f, at);
        continue;
      }
      now_ = std::max(now_, f.tag);
      charge(f, f.estimate);
      ++f.running;
      ++running_;
      --queued_;
      turn taken{f.tenant, next.first, std::move(next.second)};
      if (!f.jobs.empty()) {
        make_ready(f);
      }
      return taken;
    }
    return std::nullopt;
  }

  /// A job that was taken has ended after so long.
  void finished(const std::string& tenant, std::uint64_t guard, std::chrono::nanoseconds spent,
                time_point now) {
    auto& f = flows_.at(tenant);
    f.last_used = now;
    --f.running;
    --running_;
    const auto seconds = std::max(shortest, std::chrono::duration<double>(spent).count());
    if (!f.jobs.empty()) {
      ready_.erase(key_of(f));
    }
    charge(f, seconds - f.estimate);
    f.estimate = seconds;
    if (!f.jobs.empty()) {
      ready_.insert(key_of(f));
    }
    guarded_.erase(guard);
    if (auto aside = behind_guard_.extract(guard)) {
      for (auto& j : aside.mapped()) {
        enqueue(j.tenant, j.guard, std::move(j.job));
      }
    }
    forget_idle(now);
  }

  /// Forgets what has not been taken; what runs may still be told as finished.
  void drop_queued() {
    for (auto& [tenant, f] : flows_) {
      f.jobs.clear();
    }
    ready_.clear();
    behind_guard_.clear();
    queued_ = 0;
  }

  [[nodiscard]] std::size_t queued() const { return queued_; }
  [[nodiscard]] std::size_t running() const { return running_; }
  /// Tenants of which something is remembered.
  [[nodiscard]] std::size_t remembered() const { return flows_.size(); }

 private:
  static constexpr double shortest = 1e-6; // seconds

  struct flow {
    std::string tenant;
    double weight = 1.0;
    std::deque<std::pair<std::uint64_t, Job>> jobs{}; // with their guards
    double tag = 0;                                   // virtual time, in seconds
    double estimate = 1e-3;                           // what the next job is charged at first
    std::size_t running = 0;
    std::uint64_t arrival = 0; // orders equal tags
    time_point last_used{};
  };
  using key = std::tuple<double, std::uint64_t, flow*>;

  static key key_of(flow& f) { return {f.tag, f.arrival, &f}; }
  static void charge(flow& f, double seconds) { f.tag += seconds / f.weight; }

  void enqueue(const std::string& tenant, std::uint64_t guard, Job job) {
    const auto [found, is_new] = flows_.try_emplace(tenant);
    auto& f = found->second;
    if (is_new) {
      f.tenant = tenant;
      const auto w = share_.weights.find(tenant);
      f.weight = w == share_.weights.end() ? 1.0 : w->second;
    }
    f.jobs.emplace_back(guard, std::move(job));
    if (f.jobs.size() == 1) {
      make_ready(f);
    }
  }

  void make_ready(flow& f) {
    f.tag = std::max(f.tag, now_);
    f.arrival = ++arrivals_;
    ready_.insert(key_of(f));
  }

  // Its first job has to wait for a guard: the next one is looked at.
  auto put_back(flow& f, typename std::set<key>::iterator next) {
    return f.jobs.empty() ? next : ready_.insert(key_of(f)).first;
  }

  bool may_start(const flow& f, time_point now) const {
    return f.running == 0 || share_.threads - std::min(running_, share_.threads) > kept_free_ ||
           !someone_may_come(now);
  }

  // One more than can have jobs running, so that there is one without among them.
  void note_user(const std::string& tenant, time_point now) {
    auto at = std::find_if(users_.begin(), users_.end(),
                           [&](const auto& user) { return user.first == tenant; });
    if (at == users_.end()) {
      if (users_.size() <= share_.threads) {
        users_.emplace_back();
      }
      at = std::prev(users_.end());
      at->first = tenant;
    }
    at->second = now;
    std::rotate(users_.begin(), at, std::next(at));
  }
  // Whether there is somebody to keep a thread free for.
  bool someone_may_come(time_point now) const {
    return std::any_of(users_.begin(), users_.end(), [&](const auto& user) {
      const auto f = flows_.find(user.first);
      return now - user.second < user_for && (f == flows_.end() || f->second.running == 0);
    });
  }

  // A tenant that has nothing here and owes nothing is as good as a new one. A few are looked at
  // each time, so that the costs stay small.
  void forget_idle(time_point now) {
    for (int i = 0; i < 2 && !flows_.empty(); ++i) {
      auto at = flows_.find(next_look_);
      if (at == flows_.end()) {
        at = flows_.begin();
      }
      auto& f = at->second;
      const auto after = std::next(at);
      const auto next = after == flows_.end() ? std::string{} : after->first;
      const bool owes = f.tag > now_ && now - f.last_used < user_for;
      const bool alone = running_ == 0 && ready_.empty(); // nobody is there to be ahead of
      if (f.jobs.empty() && f.running == 0 && (!owes || alone)) {
        flows_.erase(at);
      }
      next_look_ = next;
    }
  }

  pool_share share_;
  std::size_t kept_free_;
  std::map<std::string, flow> flows_; // nodes stay where they are
  std::set<key> ready_;               // flows with jobs
  std::unordered_set<std::uint64_t> guarded_;
  std::unordered_map<std::uint64_t, std::vector<turn>> behind_guard_;
  std::vector<std::pair<std::string, time_point>> users_; // the latest, newest first
  std::string next_look_;
  double now_ = 0;
  std::uint64_t arrivals_ = 0;
  std::size_t queued_ = 0;
  std::size_t running_ = 0;
};

} // namespace streamer
