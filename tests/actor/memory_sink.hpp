// A Kafka producer in memory: keeps what it acknowledged, refuses what a test wants refused.
#pragma once

#include "actors/producer/event_sink.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// An event as it stands in its topic.
struct written_event {
  std::string topic;
  std::optional<std::uint32_t> partition_seed;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<owned_header> headers;

  /// The value of a header; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Answers a delivery that succeeds.
[[nodiscard]] delivery_result acknowledged();
/// Answers a delivery that may pass later.
[[nodiscard]] delivery_result refused_for_now(std::string error = "NOT_ENOUGH_REPLICAS");
/// Answers a delivery that never passes.
[[nodiscard]] delivery_result refused_for_good(std::string error = "TOPIC_AUTHORIZATION_FAILED");

/// Keeps the contract of `event_sink`: `submit` may be called from any thread, answers come from
/// `poll`. Everything else belongs to the thread that polls.
class memory_sink final : public event_sink {
 public:
  /// Whom to tell; before anything else.
  void connect(sink_events& events) { events_ = &events; }
  void submit(std::uint64_t request, event_batch_ptr batch) override;

  /// Answers what was submitted. False: nothing moved.
  bool poll();

  bool hold = false; ///< nothing is answered until this is false again
  /// What becomes of an event; without it everything is acknowledged.
  std::function<delivery_result(const outbound_event&)> judge;

  std::vector<written_event> written; ///< acknowledged events, in the order of submission
  std::uint64_t refused = 0;          ///< events that were not acknowledged
  /// Acknowledged events of one topic.
  [[nodiscard]] std::vector<written_event> written_to(std::string_view topic) const;
  /// Events submitted and not answered.
  [[nodiscard]] std::size_t waiting();
  /// How many requests were submitted, answered or not.
  [[nodiscard]] std::uint64_t submitted();

 private:
  struct request {
    std::uint64_t id;
    event_batch_ptr events;
  };

  sink_events* events_ = nullptr;
  std::mutex mutex_;
  std::vector<request> requests_;
  std::uint64_t submitted_ = 0;
};

} // namespace streamer::test
