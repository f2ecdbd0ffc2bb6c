#include "tools/worker_ready.hpp"

#include <chrono>

namespace streamer::tools {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds join_time{60};
constexpr std::chrono::milliseconds ready_poll{50};

} // namespace

std::optional<std::string> wait_until_ready(worker& running, const stop_signal& stop) {
  const auto deadline = clock::now() + join_time;
  while (!running.ready() || !running.reading()) {
    if (const auto ended = running.wait_for(ready_poll)) {
      return "the worker ended before the first event: " + ended->what;
    }
    if (stop.requested()) return "stopped before the first event";
    if (clock::now() >= deadline) {
      return "the worker had no partitions within 60 s; are the brokers reachable?";
    }
  }
  return std::nullopt;
}

} // namespace streamer::tools
