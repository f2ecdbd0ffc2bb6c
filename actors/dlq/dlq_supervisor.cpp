#include "actors/dlq/dlq_supervisor.hpp"

#include "actors/dlq/dead_letter_record.hpp"
#include "actors/supervision/actor_guards.hpp"

#include <algorithm>
#include <set>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds retry_period{500};
// A letter that is unanswered for this long counts as waiting for an unavailable DLQ.
constexpr std::chrono::seconds unavailable_after{3};

} // namespace

dlq_supervisor_state::dlq_supervisor_state(dlq_supervisor_actor::pointer self, dlq_context context,
                                           actor_links links)
    : self_{self},
      context_{std::move(context)},
      dialects_{dialects_named(context_.dlq.header_dialects)},
      links_{std::move(links)},
      log_{context_.log.with("dlq")},
      waiting_records_{context_.metrics->gauge(metric::dlq_waiting_records)},
      waiting_partitions_{context_.metrics->gauge(metric::dlq_waiting_partitions)} {}

dlq_supervisor_state::~dlq_supervisor_state() {
  context_.gauge->waiting_partitions.store(0);
  waiting_records_.set(0);
  waiting_partitions_.set(0);
}

dlq_supervisor_actor::behavior_type dlq_supervisor_state::make_behavior() {
  install_guards(self_, log_);
  return {
      [this](const dead_letters& msg) { on_letters(msg); },
      [this](const partition_gone& msg) {
        std::erase_if(letters_, [&](const auto& l) { return l.second.epoch == msg.epoch; });
      },
      [this](const links_changed& msg) {
        links_ = msg.links;
        send_unsent();
      },
      [this](const tick&) {
        armed_ = false;
        send_unsent();
        on_tick();
      },
  };
}

void dlq_supervisor_state::on_letters(const dead_letters& msg) {
  const auto now = self_->clock().now();
  for (const auto& letter : msg.letters) {
    letters_.emplace(next_id_++, pending_letter{letter, msg.origin, msg.epoch, now});
  }
  send_unsent();
  arm();
}

outbound_event dlq_supervisor_state::make_event(const pending_letter& p) const {
  const auto& l = p.letter;
  const dead_letter_facts facts{l.reason,          l.tenant,  context_.group, l.attempts,
                                l.first_failed_ms, l.message, l.exception};
  auto topic = dlq_topic_for(context_.dlq.topic, l.record.batch->topic());
  const auto cap = context_.dlq.max_header_bytes;
  return p.as_pointer ? make_pointer_record(l.record, facts, std::move(topic), cap, dialects_)
                      : make_dead_letter(l.record, facts, std::move(topic), cap, dialects_);
}

void dlq_supervisor_state::send_unsent() {
  auto events = std::make_shared<event_batch>();
  std::vector<std::uint64_t> ids;
  for (auto& [id, p] : letters_) {
    if (!std::exchange(p.sent, true)) {
      events->push_back(make_event(p));
      if (context_.tracing) {
        trace(p, events->back());
      }
      ids.push_back(id);
    }
  }
  if (ids.empty()) {
    return;
  }
  self_->request(links_.producer, caf::infinite, produce{events})
      .then([this, ids, events](const produce_results& answer) { on_answer(ids, *events, answer); },
            // The producer actor has died; the tick sends them again.
            [this, ids](const caf::error&) {
              for (const auto id : ids) {
                if (const auto p = letters_.find(id); p != letters_.end()) {
                  p->second.sent = false;
                }
              }
              arm();
            });
}

// One span a letter, however often it has to be sent.
void dlq_supervisor_state::trace(pending_letter& p, outbound_event& event) const {
  if (p.send) {
    tracer::set_context(event, *p.send);
  } else {
    p.send = context_.tracing->begin_dead_letter(p.letter.record, p.letter.trace, event);
  }
}

void dlq_supervisor_state::on_answer(const std::vector<std::uint64_t>& ids,
                                     const event_batch& events, const produce_results& answer) {
  std::map<assignment_epoch, std::pair<partition_consumer_actor, dead_letters_written>> written;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = letters_.find(ids[i]);
    if (found == letters_.end()) {
      continue;
    }
    auto& p = found->second;
    if (answer.results[i].state == delivery_state::acknowledged) {
      if (p.send) {
        context_.tracing->end_send(*p.send, events[i], answer.results[i],
                                   {p.letter.tenant, to_string(p.letter.reason)});
      }
      auto& [origin, slots] = written[p.epoch];
      origin = p.origin;
      slots.slots.push_back(p.letter.slot);
      letters_.erase(found);
    } else {
      on_refused(p, answer.results[i]);
    }
  }
  for (auto& [epoch, to] : written) {
    self_->send(to.first, std::move(to.second));
  }
  on_tick();
}

// A letter is never given up: what is too large is replaced by a pointer to it if
// the operator agrees, anything else waits.
void dlq_supervisor_state::on_refused(pending_letter& p, const delivery_result& why) {
  p.sent = false;
  if (why.too_large && !p.as_pointer && context_.dlq.on_too_large == too_large_kind::pointer) {
    p.as_pointer = true;
    context_.metrics
        ->counter(metric::dead_letters, {{"reason", to_string(dead_letter_reason::too_large)}})
        .add();
    log_.error("dead_letter_too_large",
               "the DLQ refuses a record for its size: a pointer record is written, the payload "
               "is only in the source topic",
               {{"topic", p.letter.record.batch->stored_topic()},
                {"partition", p.letter.record.batch->partition().value()},
                {"offset", p.letter.record.get().offset.value()}});
    return;
  }
  if (const auto suppressed = refusal_named_.pass(self_->clock().now())) {
    log_.error("dlq_unavailable",
               "the DLQ does not take a record: its partition waits, nothing is lost; create the "
               "topic, grant the right to write, or raise its max.message.bytes",
               {{"dlq", dlq_topic_for(context_.dlq.topic, p.letter.record.batch->topic())},
                {"error", why.error_name},
                {"waiting", letters_.size()},
                {"suppressed", *suppressed}});
  }
}

void dlq_supervisor_state::on_tick() {
  const auto now = self_->clock().now();
  std::set<assignment_epoch> waiting;
  for (const auto& [id, p] : letters_) {
    if (now - p.since >= unavailable_after) {
      waiting.insert(p.epoch);
    }
  }
  waiting_records_.set(static_cast<double>(letters_.size()));
  waiting_partitions_.set(static_cast<double>(waiting.size()));
  context_.gauge->waiting_partitions.store(static_cast<std::int64_t>(waiting.size()));
  arm();
}

void dlq_supervisor_state::arm() {
  if (!armed_ && !letters_.empty()) {
    armed_ = true;
    self_->delayed_send(self_, retry_period, tick{});
  }
}

} // namespace streamer
