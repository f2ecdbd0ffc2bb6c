#include "actors/producer/producer.hpp"

#include "actors/supervision/actor_guards.hpp"

namespace streamer {

producer_state::producer_state(producer_actor::pointer self, producer_context context)
    : self_{self},
      context_{std::move(context)},
      duration_{context_.metrics->histogram(metric::producer_duration)} {}

producer_actor::behavior_type producer_state::make_behavior() {
  install_guards(self_, context_.log);
  return {
      [this](const produce& msg) { return on_produce(msg); },
      [this](const delivered& msg) { on_delivered(msg); },
  };
}

caf::result<produce_results> producer_state::on_produce(const produce& msg) {
  if (msg.events->empty()) {
    return produce_results{};
  }
  const auto id = context_.next_request->fetch_add(1);
  auto promise = self_->make_response_promise<produce_results>();
  open_.emplace(id, request{promise, msg.events});
  context_.sink->submit(id, msg.events);
  return promise;
}

void producer_state::on_delivered(const delivered& msg) {
  const auto found = open_.find(msg.request);
  if (found == open_.end()) {
    return; // asked for by a predecessor; whoever asked it asks again
  }
  auto& events = *found->second.events;
  // Runs of one topic are counted at once: a batch usually has one topic.
  for (std::size_t i = 0; i < events.size();) {
    std::uint64_t acknowledged = 0;
    const auto& topic = events[i].topic;
    for (; i < events.size() && events[i].topic == topic; ++i) {
      if (msg.results[i].state == delivery_state::acknowledged) {
        ++acknowledged;
        duration_.observe(static_cast<double>(msg.results[i].latency_us) / 1e6);
      }
    }
    produced_to(topic).add(acknowledged);
  }
  found->second.promise.deliver(produce_results{msg.results});
  open_.erase(found);
}

counter_ref& producer_state::produced_to(const std::string& topic) {
  const auto found = produced_.find(topic);
  if (found != produced_.end()) {
    return found->second;
  }
  return produced_
      .emplace(topic, context_.metrics->counter(metric::messages_produced, {{"topic", topic}}))
      .first->second;
}

} // namespace streamer
