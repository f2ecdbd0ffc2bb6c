#include "actors/tenant/blocking_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

namespace streamer {

struct blocking_pool::shared {
  struct job {
    std::string tenant;
    std::uint64_t guard;
    std::function<void()> run;
  };

  // All under the mutex.
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<std::string, std::deque<job>> queues;
  std::deque<std::string> turns; // tenants with queued jobs, each once
  std::set<std::uint64_t> guarded;
  std::unordered_map<std::uint64_t, std::deque<job>> behind_guard;
  std::size_t queued = 0;
  std::size_t running = 0;
  bool stopping = false;
  std::size_t threads = 0;

  void enqueue(job j) {
    auto& queue = queues[j.tenant];
    if (queue.empty()) {
      turns.push_back(j.tenant);
    }
    queue.push_back(std::move(j));
  }

  // Takes the next job whose guard is free; those that are not are set aside until it is.
  bool take(job& out) {
    while (!turns.empty()) {
      auto tenant = std::move(turns.front());
      turns.pop_front();
      const auto queue = queues.find(tenant);
      auto next = std::move(queue->second.front());
      queue->second.pop_front();
      if (queue->second.empty()) {
        queues.erase(queue);
      } else {
        turns.push_back(std::move(tenant));
      }
      if (guarded.insert(next.guard).second) {
        out = std::move(next);
        --queued;
        return true;
      }
      behind_guard[next.guard].push_back(std::move(next));
    }
    return false;
  }

  void finished(std::uint64_t guard) {
    guarded.erase(guard);
    const auto aside = behind_guard.find(guard);
    if (aside != behind_guard.end()) {
      for (auto& j : aside->second) {
        enqueue(std::move(j));
      }
      behind_guard.erase(aside);
    }
  }

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      job next;
      changed.wait(lock, [&] { return stopping || take(next); });
      if (!next.run) {
        return;
      }
      ++running;
      lock.unlock();
      next.run();
      next.run = nullptr; // what the job holds is let go without the lock
      lock.lock();
      --running;
      finished(next.guard);
      changed.notify_all();
      if (stopping) {
        return;
      }
    }
  }
};

blocking_pool::blocking_pool(const std::string& name, std::size_t threads)
    : shared_{std::make_shared<shared>()} {
  shared_->threads = std::max<std::size_t>(1, threads);
  for (std::size_t i = 0; i < shared_->threads; ++i) {
    std::thread thread{[state = shared_] { state->work(); }};
    // Linux cuts at 15 characters and refuses longer names.
    pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());
    // Detached, for one that never returns cannot be joined; the state outlives the pool.
    thread.detach();
  }
}

blocking_pool::~blocking_pool() {
  const std::lock_guard lock{shared_->mutex};
  shared_->stopping = true;
  shared_->queues.clear();
  shared_->turns.clear();
  shared_->behind_guard.clear();
  shared_->queued = 0;
  shared_->changed.notify_all();
}

void blocking_pool::submit(const std::string& tenant, std::uint64_t guard,
                           std::function<void()> job) {
  const std::lock_guard lock{shared_->mutex};
  shared_->enqueue({tenant, guard, std::move(job)});
  ++shared_->queued;
  shared_->changed.notify_one();
}

std::size_t blocking_pool::threads() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->threads;
}

std::size_t blocking_pool::running() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->running;
}

std::size_t blocking_pool::queued() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->queued;
}

} // namespace streamer
