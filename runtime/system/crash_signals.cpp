#include "runtime/system/crash_signals.hpp"

#include <unistd.h>

#include <atomic>
#include <cstddef>

namespace streamer {
namespace {

// A signal handler is told nothing but the signal: this is the one way to the journal.
std::atomic<crash_journal*> noted_in{nullptr};

void note_and_die(int number, siginfo_t* info, void* /*context*/) {
  const bool sent = info->si_code <= 0; // by kill, raise or abort; otherwise by the processor
  if (!sent || info->si_pid == ::getpid()) {
    if (auto* const journal = noted_in.load()) {
      journal->note_end(number);
    }
  }
  // The handler is gone already (SA_RESETHAND): what faulted faults again, and what was sent is
  // sent once more.
  if (sent) {
    ::raise(number);
  }
}

} // namespace

crash_signals::crash_signals(crash_journal& journal) {
  noted_in.store(&journal);
  struct sigaction action {};
  action.sa_sigaction = note_and_die;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND);
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < caught.size(); ++i) {
    if (::sigaction(caught[i], nullptr, &before_[i]) == 0 && before_[i].sa_handler == SIG_DFL) {
      taken_[i] = ::sigaction(caught[i], &action, nullptr) == 0;
    }
  }
}

crash_signals::~crash_signals() {
  for (std::size_t i = 0; i < caught.size(); ++i) {
    if (taken_[i]) {
      ::sigaction(caught[i], &before_[i], nullptr);
    }
  }
  noted_in.store(nullptr);
}

} // namespace streamer
