// Ctrl-C as something to wait for.
#pragma once

#include <chrono>

namespace streamer::tools {

/// While it lives, the first SIGINT or SIGTERM is a request that the command sees to, so that it
/// can still report; the second ends the process at once. One at a time.
class stop_signal {
 public:
  stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;
  ~stop_signal();

  [[nodiscard]] bool requested() const;
  /// Waits; true, and early, if the stop is requested.
  bool wait_for(std::chrono::milliseconds time) const;
};

} // namespace streamer::tools
