// The tenant handler's part that sends what handlers emitted: an input record is
// finished when all its events are acknowledged.
#include "actors/tenant/tenant_handler.hpp"

#include <algorithm>
#include <array>
#include <caf/send.hpp>
#include "messages/planted_bugs.hpp"

namespace streamer {
namespace {

// W3C trace context and baggage travel to every outbound record.
constexpr std::array trace_headers{trace_header::parent, trace_header::state, "baggage"};

constexpr std::size_t enough_outputs = 500;
constexpr std::chrono::milliseconds longest_collecting{1};

void carry_trace(const record_ref& from, outbound_event& to) {
  if (to.with_record_headers) {
    return;
  }
  for (const auto* name : trace_headers) {
    const auto value = from.header(name);
    const bool present = std::any_of(to.headers.begin(), to.headers.end(),
                                     [&](const owned_header& h) { return h.name == name; });
    if (!value.is_null() && !present) {
      to.headers.push_back({name, std::string{value.view()}, false});
    }
  }
}

} // namespace

void tenant_handler_state::collect_events(const work_ref& ref, std::size_t handler,
                                          std::uint32_t attempt,
                                          std::vector<outbound_event>& events,
                                          const std::optional<open_span>& trace) {
  const auto record = ref.batch().ref(ref.item);
  output_record collected{ref, attempt, handler, events.size()};
  for (auto& e : events) {
    carry_trace(record, e);
    if (trace) {
      collected.sends.push_back(context_->tracing->begin_send(*trace, e));
    }
    output_events_.push_back(std::move(e));
  }
  if (outputs_.records.empty()) {
    outputs_since_ = message_began_;
  }
  outputs_.records.push_back(std::move(collected));
  events.clear();
}

// One request for all that lies in the mailbox, so that requests grow with the load; but nobody
// waits for handlers that take their time.
void tenant_handler_state::want_outputs_sent() {
  if (outputs_.records.empty()) {
    return;
  }
  if (output_events_.size() >= enough_outputs ||
      message_began_ - outputs_since_ >= longest_collecting) {
    send_outputs();
  } else if (!std::exchange(outputs_wanted_, true)) {
    self_->send(self_, outputs_collected{});
  }
}

void tenant_handler_state::send_outputs() {
  if (outputs_.records.empty()) {
    return;
  }
  auto group = std::make_shared<output_group>(std::exchange(outputs_, {}));
  group->number = next_group_++;
  group->events = std::make_shared<const event_batch>(std::exchange(output_events_, {}));
  for (auto i = group->records.begin(); planted("output_not_awaited") && i != group->records.end();
       ++i) {
    i->finished_elsewhere = true;
    results_for(i->ref.batch()).processed.push_back(i->ref.get().slot);
  }
  produce_group(group);
}

void tenant_handler_state::produce_group(const std::shared_ptr<output_group>& group) {
  sent_.push_back(group);
  self_->request(links_.producer, caf::infinite, produce{group->events})
      .then(
          [this, group](const produce_results& answer) {
            if (std::erase(sent_, group) > 0) {
              on_produced(group, answer);
              flush();
            }
          },
          [this, group](const caf::error&) {
            if (std::erase(sent_, group) > 0) {
              unsent_.push_back(group);
              wake_for_timeouts();
            }
          });
}

// A producer that has died leaves unknown what it sent. All of it is sent again, which at least
// once allows, in order and before anything newer, so that no key's events change places.
void tenant_handler_state::on_links(const actor_links& links) {
  const bool other_producer = links.producer != links_.producer;
  links_ = links;
  if (!other_producer) {
    return;
  }
  for (auto& group : std::exchange(sent_, {})) {
    // A copy: an answer to the old one may still come, and must find it gone.
    unsent_.push_back(std::make_shared<output_group>(*group));
  }
  resend_outputs();
}

// The usual case: told by slices, not record by record.
bool tenant_handler_state::tell_acknowledged(const output_group& group,
                                             const produce_results& answer) {
  const bool whole = group.in_slices == group.records.size() && !planted("ack_of_an_old_epoch") &&
                     std::ranges::none_of(group.records,
                                          [](const output_record& r) {
                                            return r.finished_elsewhere || !r.sends.empty();
                                          }) &&
                     std::ranges::all_of(answer.results, [](const delivery_result& d) {
                       return d.state == delivery_state::acknowledged;
                     });
  if (whole) {
    outputs_produced_.add(answer.results.size());
    for (const auto& slice : group.slices) {
      tell_processed(slice);
    }
  }
  return whole;
}

void tenant_handler_state::on_produced(const std::shared_ptr<output_group>& group,
                                       const produce_results& answer) {
  if (tell_acknowledged(*group, answer)) {
    return;
  }
  auto again = std::make_shared<output_group>();
  again->number = group->number;
  auto again_events = std::make_shared<event_batch>();
  std::size_t first = 0;
  for (auto& r : group->records) {
    const delivery_result* worst = nullptr;
    std::vector<std::size_t> unacknowledged;
    const auto of_record = first;
    for (auto i = first; i < first + r.events; ++i) {
      const auto& d = answer.results[i];
      if (!r.sends.empty() && d.state != delivery_state::refused_for_now) {
        end_send(r.sends[i - of_record], (*group->events)[i], d);
      }
      if (d.state == delivery_state::acknowledged) {
        outputs_produced_.add();
        continue;
      }
      unacknowledged.push_back(i);
      if (!worst || d.state == delivery_state::refused_for_good) {
        worst = &d;
      }
    }
    first += r.events;
    if (r.finished_elsewhere) {
      continue;
    }
    if (!worst) {
      results_for(r.ref.batch()).processed.push_back(r.ref.get().slot);
      continue;
    }
    const bool for_good = worst->state == delivery_state::refused_for_good;
    context_->metrics->counter(metric::output_errors, {{"kind", for_good ? "for_good" : "for_now"}})
        .add(unacknowledged.size());
    if (for_good) {
      // Its lane went on when the handler succeeded, so it is not kept now.
      results_for(r.ref.batch())
          .failed.push_back({r.ref.get().slot,
                             r.attempt,
                             {outcome_kind::reject,
                              failure_class::output_refused,
                              "an output was refused: " + worst->error_name,
                              {}},
                             context_->handlers[r.handler].policy.get()});
      continue;
    }
    output_record waiting{r.ref, r.attempt, r.handler, unacknowledged.size()};
    for (const auto i : unacknowledged) {
      again_events->push_back((*group->events)[i]);
      if (!r.sends.empty()) {
        waiting.sends.push_back(std::move(r.sends[i - of_record]));
      }
    }
    again->records.push_back(std::move(waiting));
  }
  if (!again->records.empty()) {
    again->events = std::move(again_events);
    unsent_.push_back(std::move(again));
    wake_for_timeouts();
  }
}

// Their records end here for the epoch; the events are sent all the same.
void tenant_handler_state::drop_outputs(assignment_epoch epoch) {
  const auto drop = [&](output_group& group) {
    for (auto& r : group.records) {
      if (r.ref.batch().epoch == epoch && !std::exchange(r.finished_elsewhere, true)) {
        results_for(r.ref.batch()).dropped_running.push_back(r.ref.get().slot);
      }
    }
  };
  drop(outputs_);
  for (auto* groups : {&sent_, &unsent_}) {
    for (auto& group : *groups) {
      drop(*group);
    }
  }
}

void tenant_handler_state::resend_outputs() {
  std::ranges::sort(unsent_, {}, [](const auto& group) { return group->number; });
  for (auto& group : std::exchange(unsent_, {})) {
    produce_group(group);
  }
}

} // namespace streamer
