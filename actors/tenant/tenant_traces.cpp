// The tenant handler's part that tells traces what attempts and their outputs came to.
#include "actors/tenant/tenant_handler.hpp"

#include <algorithm>
#include <chrono>

namespace streamer {

// Returns the span that has ended, for what becomes of the record.
std::optional<trace_context> tenant_handler_state::end_trace(const std::optional<open_span>& trace,
                                                             const work_ref& ref,
                                                             std::string_view handler,
                                                             std::uint32_t attempt,
                                                             const outcome& result) const {
  if (!trace) {
    return std::nullopt;
  }
  context_->tracing->end_attempt(*trace, ref.batch().ref(ref.item),
                                 {*tenant_, handler, attempt, result.kind, result.cause});
  return trace->context;
}

void tenant_handler_state::fenced_trace(running_attempt& a) const {
  if (a.trace) {
    set_trace_begin(a);
    attempt_facts facts{*tenant_, context_->handlers[a.handler].name, a.number()};
    facts.fenced = true;
    context_->tracing->end_attempt(*a.trace, a.ref.batch().ref(a.ref.item), facts);
  }
}

// It may have queued: work on the record began later than its span.
void tenant_handler_state::set_trace_begin(running_attempt& a) {
  const auto started = a.started_ns.load();
  if (a.trace && started != 0) {
    const std::chrono::nanoseconds ran{clock::now().time_since_epoch().count() - started};
    const auto began = std::chrono::system_clock::now() - ran;
    a.trace->began_ns = std::max<std::int64_t>(
        a.trace->began_ns,
        std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch()).count());
  }
}

void tenant_handler_state::end_send(const std::optional<open_span>& send,
                                    const outbound_event& event,
                                    const delivery_result& answer) const {
  if (send) {
    context_->tracing->end_send(*send, event, answer, {*tenant_, {}});
  }
}

} // namespace streamer
