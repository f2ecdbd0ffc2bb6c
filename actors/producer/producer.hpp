#pragma once

#include "actors/producer/event_sink.hpp"
#include "messages/actor_messages.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace streamer {

/// What producer actors of a process share.
struct producer_context {
  std::shared_ptr<event_sink> sink;
  std::shared_ptr<telemetry> metrics;
  log_handle log;
  /// Numbers of requests go on across restarts, so that an answer to a dead actor's
  /// request is not taken for one of its successor.
  std::shared_ptr<std::atomic<std::uint64_t>> next_request =
      std::make_shared<std::atomic<std::uint64_t>>(1);
};

/// State of the producer actor: hands batches to the Kafka client and answers each
/// when all of its events are settled.
class producer_state {
 public:
  static inline const char* name = "producer";

  producer_state(producer_actor::pointer self, producer_context context);
  producer_actor::behavior_type make_behavior();

 private:
  struct request {
    caf::typed_response_promise<produce_results> promise;
    event_batch_ptr events;
  };

  caf::result<produce_results> on_produce(const produce& msg);
  void on_delivered(const delivered& msg);
  counter_ref& produced_to(const std::string& topic);

  producer_actor::pointer self_;
  producer_context context_;
  std::map<std::uint64_t, request> open_;
  std::map<std::string, counter_ref, std::less<>> produced_;
  histogram_ref duration_;
};

} // namespace streamer
