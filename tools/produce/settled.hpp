// Sends a batch and waits for what became of it.
#pragma once

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "tools/produce/event_output.hpp"

namespace streamer::tools {

/// One result for each event, in order. Blocks until all are settled, which the producer sees to
/// within its delivery timeout.
[[nodiscard]] inline std::vector<delivery_result> settled(event_output& output, event_batch batch) {
  const auto answer = std::make_shared<std::promise<std::vector<delivery_result>>>();
  auto results = answer->get_future();
  output.submit(std::make_shared<const event_batch>(std::move(batch)),
                [answer](std::vector<delivery_result> all) { answer->set_value(std::move(all)); });
  return results.get();
}

} // namespace streamer::tools
