#pragma once

#include "config/settings.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/logging/log.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace streamer {

/// What `streamer doctor` would say, told to the log once after a worker has started: problems as
/// warnings, warnings as information. On a thread of its own, so that the start does not wait for
/// it; the destructor ends it early.
class start_checks {
 public:
  /// Begins when `connected` is true: until then the worker itself says what is missing.
  start_checks(const settings& config, std::function<bool()> connected, log_handle log);
  ~start_checks();
  start_checks(const start_checks&) = delete;
  start_checks& operator=(const start_checks&) = delete;

 private:
  void run(const std::stop_token& stop);

  settings config_;
  std::function<bool()> connected_;
  log_handle log_;
  std::mutex mutex_;
  std::unique_ptr<admin_client> cluster_; ///< guarded by mutex_ where it is made and dropped
  std::jthread thread_;
};

} // namespace streamer
