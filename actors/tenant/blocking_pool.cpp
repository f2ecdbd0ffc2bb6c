#include "actors/tenant/blocking_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace streamer {

struct blocking_pool::shared {
  using clock = std::chrono::steady_clock;
  using job = std::function<void()>;

  static constexpr int tries = 100;

  explicit shared(pool_share share) : threads{share.threads}, turns{std::move(share)} {}

  const std::size_t threads;
  // All under the mutex.
  std::mutex mutex;
  std::condition_variable changed;
  pool_turns<job> turns;
  bool stopping = false;
  std::size_t idle = 0; ///< threads that wait for a job
  bool waking = false;  ///< one of them was told and has not come yet

  // The mutex is held for about a microsecond, by hundreds of threads in turns: to sleep for that
  // costs several times as much as to try again.
  void lock_soon(std::unique_lock<std::mutex>& lock) {
    for (int i = 0; i < tries; ++i) {
      if (lock.try_lock()) {
        return;
      }
      std::this_thread::yield();
    }
    lock.lock();
  }

  // One thread at a time is on its way to work; it wakes the next one if there is more. To wake one
  // for every job costs more than most jobs: by the time it runs, another has taken the job.
  bool should_wake() {
    if (waking || idle == 0 || turns.queued() == 0) {
      return false;
    }
    waking = true;
    return true;
  }

  std::optional<pool_turns<job>::turn> next_turn(std::unique_lock<std::mutex>& lock) {
    while (!stopping) {
      if (auto next = turns.take(clock::now())) {
        return next;
      }
      ++idle;
      changed.wait(lock);
      --idle;
      waking = false;
    }
    return std::nullopt;
  }

  void work() {
    std::unique_lock lock{mutex};
    while (auto next = next_turn(lock)) {
      const bool wake = should_wake();
      lock.unlock();
      // Without the mutex, or it wakes only to wait for that.
      if (wake) {
        changed.notify_one();
      }
      const auto began = clock::now();
      next->job();
      next->job = nullptr; // what the job holds is let go without the lock
      const auto ended = clock::now();
      lock_soon(lock);
      // What may start now, this thread takes.
      turns.finished(next->tenant, next->guard, ended - began, ended);
    }
  }
};

blocking_pool::blocking_pool(const std::string& name, pool_share share)
    : shared_{std::make_shared<shared>([&] {
        share.threads = std::max<std::size_t>(1, share.threads);
        return std::move(share);
      }())} {
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
  shared_->turns.drop_queued();
  shared_->changed.notify_all();
}

void blocking_pool::submit(const std::string& tenant, std::vector<pool_job> jobs) {
  std::unique_lock lock{shared_->mutex, std::defer_lock};
  shared_->lock_soon(lock);
  const auto now = shared::clock::now();
  for (auto& job : jobs) {
    shared_->turns.push(tenant, job.guard, std::move(job.run), now);
  }
  const bool wake = shared_->should_wake();
  lock.unlock();
  if (wake) {
    shared_->changed.notify_one();
  }
}

std::size_t blocking_pool::threads() const { return shared_->threads; }

std::size_t blocking_pool::running() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->turns.running();
}

std::size_t blocking_pool::queued() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->turns.queued();
}

} // namespace streamer
