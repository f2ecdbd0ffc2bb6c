#pragma once

#include "actors/tenant/pool_turns.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace streamer {

/// What a pool's thread is to do.
struct pool_job {
  std::uint64_t guard = 0;   ///< two with the same never run at the same time
  std::function<void()> run; ///< must not throw
};

/// Threads for one handler that may block. Fair between tenants, as `pool_turns` says.
/// A further attempt at a record has the guard of the one before, and so starts after the call that
/// timed out has returned. A call that never returns keeps its thread and its guard. Thread-safe.
class blocking_pool {
 public:
  /// Starts `share.threads` threads, at least one, whose names begin with `name`.
  blocking_pool(const std::string& name, pool_share share);
  /// Starts no further job, and leaves behind the threads that do not return at once.
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Queues jobs in this order: many at once, for the threads are at the same lock.
  void submit(const std::string& tenant, std::vector<pool_job> jobs);

  [[nodiscard]] std::size_t threads() const;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] std::size_t queued() const;

 private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace streamer
