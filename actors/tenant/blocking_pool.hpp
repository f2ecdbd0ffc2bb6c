#pragma once

#include "actors/tenant/pool_turns.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace streamer {

/// Threads for one handler that may block. Fair between tenants, as `pool_turns` says.
/// Two jobs with the same `guard` never run at the same time: a further attempt at a
/// record starts after the call that timed out has returned. A call that never returns
/// keeps its thread and its guard. Thread-safe.
class blocking_pool {
 public:
  /// Starts `share.threads` threads, at least one, whose names begin with `name`.
  blocking_pool(const std::string& name, pool_share share);
  /// Starts no further job, and leaves behind the threads that do not return at once.
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Queues a job, which must not throw.
  void submit(const std::string& tenant, std::uint64_t guard, std::function<void()> job);

  [[nodiscard]] std::size_t threads() const;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] std::size_t queued() const;

 private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace streamer
