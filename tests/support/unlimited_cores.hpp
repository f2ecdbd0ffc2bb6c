// Lets a test see whether a crash leaves a core dump.
#pragma once

#include "tests/support/common.hpp"

#include <sys/resource.h>

namespace streamer::test {

/// While it lives, processes that this one starts may leave core dumps of any size.
class unlimited_cores {
 public:
  unlimited_cores() {
    getrlimit(RLIMIT_CORE, &before_);
    auto raised = before_;
    raised.rlim_cur = raised.rlim_max;
    setrlimit(RLIMIT_CORE, &raised);
  }
  unlimited_cores(const unlimited_cores&) = delete;
  unlimited_cores& operator=(const unlimited_cores&) = delete;
  ~unlimited_cores() { setrlimit(RLIMIT_CORE, &before_); }

  /// Whether this machine writes them, and into the directory of the process that crashed.
  [[nodiscard]] static bool have_an_effect() {
    rlimit now{};
    return getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == RLIM_INFINITY &&
           read_file("/proc/sys/kernel/core_pattern").starts_with("core");
  }

 private:
  rlimit before_{};
};

} // namespace streamer::test
