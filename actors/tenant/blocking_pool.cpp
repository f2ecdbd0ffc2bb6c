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

  explicit shared(pool_share share) : threads{share.threads}, turns{std::move(share)} {}

  const std::size_t threads;
  // All under the mutex.
  std::mutex mutex;
  std::condition_variable changed;
  pool_turns<job> turns;
  bool stopping = false;

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      std::optional<pool_turns<job>::turn> next;
      changed.wait(lock, [&] { return stopping || (next = turns.take(clock::now())); });
      if (!next) {
        return;
      }
      // Another thread for what may start besides; it wakes the one after it. To wake all would
      // cost every job as many wake-ups as threads are idle.
      if (turns.queued() > 0) {
        changed.notify_one();
      }
      lock.unlock();
      const auto began = clock::now();
      next->job();
      next->job = nullptr; // what the job holds is let go without the lock
      const auto ended = clock::now();
      lock.lock();
      // What may start now, this thread takes; see above.
      turns.finished(next->tenant, next->guard, ended - began, ended);
      if (stopping) {
        return;
      }
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

void blocking_pool::submit(const std::string& tenant, std::uint64_t guard,
                           std::function<void()> job) {
  const std::lock_guard lock{shared_->mutex};
  shared_->turns.push(tenant, guard, std::move(job), shared::clock::now());
  shared_->changed.notify_one();
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
