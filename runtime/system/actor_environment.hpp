#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace streamer {

/// CPUs that this process may use: the cgroup's limit, rounded up, or all there are; at least 1.
[[nodiscard]] std::size_t usable_cpus();

/// A CAF actor system as every process of streamer runs it. Destroying it waits for all actors.
class actor_environment {
 public:
  /// `threads` scheduler threads; 0: as many as `usable_cpus`, at least 2.
  explicit actor_environment(std::size_t threads);

  [[nodiscard]] caf::actor_system& system() { return *system_; }

  /// Unread messages by kind of actor, of the kinds that a worker supervises. Any thread.
  [[nodiscard]] std::map<std::string, std::int64_t> mailbox_depths() const;

 private:
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
};

/// Version of CAF as `0.18.7`.
[[nodiscard]] std::string caf_version();

} // namespace streamer
