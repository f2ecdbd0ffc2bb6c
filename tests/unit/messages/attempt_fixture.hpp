#pragma once

#include "messages/handler.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace streamer::fixture {

/// A completion queue with its counters, and attempts that report to it.
struct attempt_desk {
  // An attempt holds its queue and the queue what is done: the owner closes it when it ends.
  ~attempt_desk() { queue->close(); }

  std::shared_ptr<std::atomic<int>> wakes = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<completion_queue> queue =
      std::make_shared<completion_queue>([count = wakes] { count->fetch_add(1); });
  std::shared_ptr<fence_counters> counters = std::make_shared<fence_counters>();

  [[nodiscard]] std::shared_ptr<attempt> start(std::uint64_t token = 0,
                                               std::uint32_t number = 1) const {
    return std::make_shared<attempt>(make_record({.offset = 42, .key = "key", .value = "value"}),
                                     std::make_shared<const std::string>("acme"), number, token,
                                     queue, counters);
  }
};

} // namespace streamer::fixture
