#include "tools/stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace streamer::tools {
namespace {

// A signal handler reaches nothing but these.
std::atomic<bool> stop_requested{false};
std::array<int, 2> wake_pipe{-1, -1};

constexpr std::array signals{SIGINT, SIGTERM};

void on_signal(int) {
  const int kept = errno;
  stop_requested = true;
  const char byte = 0;
  (void)!::write(wake_pipe[1], &byte, 1);
  errno = kept;
}

} // namespace

stop_signal::stop_signal() {
  stop_requested = false;
  // Without a pipe waits are not cut short; the request is seen all the same.
  if (::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) wake_pipe = {-1, -1};
  for (const int number : signals) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    ::sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }
}

stop_signal::~stop_signal() {
  for (const int number : signals)
    std::signal(number, SIG_DFL);
  for (int& end : wake_pipe) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

bool stop_signal::requested() const { return stop_requested; }

bool stop_signal::wait_for(std::chrono::milliseconds time) const {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!stop_requested) {
    // Rounded up: poll takes whole milliseconds, and the rest of one is not to be spent spinning.
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd waiting{wake_pipe[0], POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
  }
  return stop_requested;
}

} // namespace streamer::tools
