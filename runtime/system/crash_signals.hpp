#pragma once

#include "actors/tenant/crash_journal.hpp"

#include <signal.h>

#include <array>

namespace streamer {

/// While it lives, a crash of this process (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS)
/// leaves its signal in the crash journal, and then ends the process as it would have anyway, core
/// and all. What somebody else sends is not noted, and neither is SIGKILL, which nobody can catch.
/// A signal that has a handler already (a sanitizer's) is left to it. One at a time in a process.
class crash_signals {
 public:
  /// `journal` has to outlive it.
  explicit crash_signals(crash_journal& journal);
  ~crash_signals();
  crash_signals(const crash_signals&) = delete;
  crash_signals& operator=(const crash_signals&) = delete;

 private:
  static constexpr std::array<int, 6> caught{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

  std::array<struct sigaction, caught.size()> before_{};
  std::array<bool, caught.size()> taken_{};
};

} // namespace streamer
