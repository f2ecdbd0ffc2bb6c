// Secrets and certificates that change while a client runs. Internal to runtime/kafka; one thread.
#pragma once

#include "config/rotation.hpp"
#include "config/settings.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <chrono>
#include <vector>

namespace streamer {

/// Reads the files of secrets, certificates, keys and authorities again from time to time. Their
/// owner asks on a tick of its own; a few small files are read every few seconds.
class credential_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// A change is in use after two looks at the earliest.
  static constexpr std::chrono::seconds interval{2};

  /// What the files hold now counts as being in use.
  credential_watch(settings config, log_handle log);

  /// What is to be done, once for each change. `config()` has the new secrets by then.
  [[nodiscard]] rotation look(time_point now);
  /// The configuration with the secrets of the last change.
  [[nodiscard]] const settings& config() const { return config_; }

 private:
  [[nodiscard]] file_contents read();

  settings config_;
  log_handle log_;
  std::vector<std::filesystem::path> certificates_;
  every unreadable_line_{std::chrono::minutes{1}};
  settled_files files_;
  time_point looked_at_{};
};

} // namespace streamer
