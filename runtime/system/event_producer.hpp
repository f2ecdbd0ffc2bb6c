#pragma once

#include "config/settings.hpp"
#include "messages/event.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace streamer {

/// The producer actor for commands that only produce (`ingest`, the load test): the same actor
/// that a worker's handlers emit through, in a process of its own. Gives an event up after
/// `producer.delivery_timeout_ms`. Members may be called from any thread.
class event_producer {
 public:
  /// `results[i]` belongs to event i of the batch. Called on a scheduler thread; must be quick.
  using answer_fn = std::function<void(std::vector<delivery_result>)>;

  /// Starts the client and the actor; does not wait for a broker. Fails with one line.
  [[nodiscard]] static result<std::unique_ptr<event_producer>> start(const settings& config,
                                                                     const log_handle& log);
  event_producer(const event_producer&) = delete;
  event_producer& operator=(const event_producer&) = delete;
  /// Gives up what is not delivered yet.
  ~event_producer();

  /// Sends a batch; `answer` is called once, when all of its events are settled.
  void submit(event_batch_ptr batch, answer_fn answer);

  /// Waits until everything submitted is settled, at most `budget`. The number of events that are
  /// not.
  [[nodiscard]] std::size_t flush(std::chrono::milliseconds budget);

 private:
  class impl;
  explicit event_producer(std::unique_ptr<impl> started);
  std::unique_ptr<impl> impl_;
};

} // namespace streamer
