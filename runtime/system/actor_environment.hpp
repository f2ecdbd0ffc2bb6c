#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace streamer {

/// CPUs that this process may use: the cgroup's limit, rounded up, or all there are; at least 1.
[[nodiscard]] std::size_t usable_cpus();

/// A CAF actor system as every process of streamer runs it. Destroying it waits for all actors.
class actor_environment {
 public:
  /// `threads` scheduler threads; 0: as many as `usable_cpus`, at least 2. With `remote`, CAF's
  /// network module is there too; nothing is reachable through it but what is published.
  explicit actor_environment(std::size_t threads, bool remote = false);

  [[nodiscard]] caf::actor_system& system() { return *system_; }

 private:
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
};

/// Lets CAF count the unread messages of each actor that a worker supervises.
void count_mailboxes(caf::actor_system_config& config);

/// Version of CAF as `0.18.7`.
[[nodiscard]] std::string caf_version();

} // namespace streamer
