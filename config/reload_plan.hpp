// What a running worker can take over of a configuration that was read again. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace streamer {

/// The difference between what holds and what was read.
struct reload_plan {
  /// What holds from now on: all as it was, but for what may change while a worker runs.
  settings result;
  /// `consumer.batch_size = 50 (was 100)`, in the order of the documentation.
  std::vector<std::string> changed;
  /// Full names of keys that differ and count only for a process that starts.
  std::vector<std::string> needs_restart;
};

/// Whether a key (`retry.max_attempts`, `handlers.retry.jitter`, `tenants.limits.rate`) may change
/// while a worker runs.
[[nodiscard]] bool changes_live(std::string_view key);

/// Handlers are told apart by their place: where anything but their retries differs, none of them
/// changes. The files of secrets and tokens are read again without a reload.
[[nodiscard]] reload_plan plan_reload(const settings& now, const settings& wanted);

} // namespace streamer
