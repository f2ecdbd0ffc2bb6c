#pragma once

#include "messages/event.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace streamer {

/// The Kafka producer as the producer actor sees it. Thread-safe, returns at
/// once; one thread owns the client. Events of one topic and partition are
/// written in the order of submission, also when the broker refuses for a while.
class event_sink {
 public:
  virtual ~event_sink() = default;
  /// Produces every event of `batch`; answered once by `on_delivered` with the
  /// same id, when each of them has been acknowledged or refused.
  virtual void submit(std::uint64_t request, event_batch_ptr batch) = 0;
};

/// What the sink tells. Called on the sink's own thread; must not block.
class sink_events {
 public:
  virtual ~sink_events() = default;
  /// `results[i]` belongs to event i of the request.
  virtual void on_delivered(std::uint64_t request, std::vector<delivery_result> results) = 0;
  /// The client cannot go on and could not be built anew; the process ends.
  virtual void on_sink_failed(std::string what) = 0;
};

} // namespace streamer
