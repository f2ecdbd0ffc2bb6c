#include "runtime/tracing/tracer.hpp"

#include "runtime/logging/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace streamer {
namespace {

constexpr unsigned bits_of_byte = 8;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The finaliser of splitmix64: each bit of the result depends on all of `x`.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27U) * 0x94D049BB133111EBU;
  return x ^ x >> 31U;
}

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return hash;
}

// Most significant byte first; never none.
void put(std::uint64_t number, std::uint8_t* to) {
  number = number == 0 ? 1 : number;
  for (std::size_t i = sizeof number; i-- > 0; number >>= bits_of_byte) {
    to[i] = static_cast<std::uint8_t>(number);
  }
}

std::string_view word_of(outcome_kind kind) {
  switch (kind) {
    case outcome_kind::success: return "processed";
    case outcome_kind::skip: return "skipped";
    case outcome_kind::retry: return "retry";
    case outcome_kind::reject: return "rejected";
  }
  return "";
}

std::optional<trace_context> context_of(const record_ref& record) {
  return parse_traceparent(record.header(trace_header::parent).view());
}

std::string state_of(const record_ref& record) {
  const auto state = record.header(trace_header::state).view();
  return is_tracestate(state) ? std::string{state} : std::string{};
}

// The headers of a record that travels with its own become the event's: one of them changes.
void own_headers(outbound_event& event) {
  if (!event.keep_alive || !std::exchange(event.with_record_headers, false)) {
    return;
  }
  std::vector<owned_header> all;
  for (const auto& h : event.keep_alive->headers()) {
    all.push_back({std::string{h.name}, std::string{h.value.view()}, h.value.is_null()});
  }
  std::ranges::move(event.headers, std::back_inserter(all));
  event.headers = std::move(all);
}

std::optional<trace_context> context_of(const outbound_event& event) {
  const auto last = std::find_if(event.headers.rbegin(), event.headers.rend(),
                                 [](const auto& h) { return h.name == trace_header::parent; });
  return last == event.headers.rend() ? std::nullopt : parse_traceparent(last->value);
}

void add(span& to, std::string_view name, std::string_view value) {
  to.attributes.push_back({name, replace_invalid_utf8(value)});
}

void add(span& to, std::string_view name, std::int64_t value) {
  to.attributes.push_back({name, value});
}

} // namespace

bool is_chosen(const trace_id& trace, double ratio) {
  if (ratio >= 1.0) {
    return true;
  }
  std::uint64_t low = 0;
  for (std::size_t i = trace.size() / 2; i < trace.size(); ++i) {
    low = low << bits_of_byte | trace[i];
  }
  constexpr double all = 18'446'744'073'709'551'616.0; // 2^64
  return static_cast<double>(low) < ratio * all;
}

tracer::tracer(std::string_view group, std::string_view client, double ratio, std::uint64_t seed,
               std::shared_ptr<span_exporter> exporter)
    : group_{replace_invalid_utf8(group)},
      client_{replace_invalid_utf8(client)},
      ratio_{ratio},
      seed_{seed},
      exporter_{std::move(exporter)} {}

// From what every owner of the record sees alike.
trace_id tracer::trace_of(const record_ref& record) const {
  const auto& r = record.get();
  auto hash = fnv1a(group_, 14'695'981'039'346'656'037U);
  hash = mixed(fnv1a(record.batch->stored_topic(), hash) ^
               static_cast<std::uint64_t>(record.batch->partition().value()));
  hash = mixed(hash ^ static_cast<std::uint64_t>(r.offset.value()));
  trace_id id{};
  put(mixed(hash ^ static_cast<std::uint64_t>(r.timestamp_ms)), id.data());
  put(mixed(hash + static_cast<std::uint64_t>(r.timestamp_ms)), id.data() + id.size() / 2);
  return id;
}

span_id tracer::next_span() const {
  constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U;
  span_id id{};
  put(mixed(seed_ + golden * spans_.fetch_add(1, std::memory_order_relaxed)), id.data());
  return id;
}

std::optional<open_span> tracer::begin_attempt(const record_ref& record,
                                               const std::optional<trace_context>& first) const {
  open_span begun;
  if (const auto of = context_of(record)) {
    if (!of->sampled) {
      return std::nullopt;
    }
    begun.context.trace = of->trace;
    begun.parent = of->span;
    begun.tracestate = state_of(record);
  } else {
    begun.context.trace = trace_of(record);
    if (!is_chosen(begun.context.trace, ratio_)) {
      return std::nullopt;
    }
    if (first) {
      begun.parent = first->span;
    }
  }
  begun.context.span = next_span();
  begun.context.sampled = true;
  begun.began_ns = now_ns();
  return begun;
}

std::optional<open_span> tracer::begin_send(const open_span& cause, outbound_event& event) const {
  open_span begun{cause.context, cause.context.span, cause.tracestate, now_ns()};
  own_headers(event);
  const auto given = context_of(event);
  const bool carried = given && given->trace == cause.context.trace && given->span == cause.parent;
  if (given && !carried) {
    if (!given->sampled) {
      return std::nullopt;
    }
    begun.context.trace = given->trace;
    begun.parent = given->span;
    const auto state = std::ranges::find(event.headers, trace_header::state, &owned_header::name);
    begun.tracestate =
        state != event.headers.end() && is_tracestate(state->value) ? state->value : "";
  }
  begun.context.span = next_span();
  set_context(event, begun);
  return begun;
}

std::optional<open_span> tracer::begin_dead_letter(const record_ref& record,
                                                   const std::optional<trace_context>& attempt,
                                                   outbound_event& event) const {
  auto begun = begin_attempt(record, attempt);
  if (!begun) {
    return std::nullopt;
  }
  if (attempt && attempt->trace == begun->context.trace) {
    begun->parent = attempt->span;
  }
  set_context(event, *begun);
  return begun;
}

void tracer::set_context(outbound_event& event, const open_span& send) {
  std::erase_if(event.headers, [&](const owned_header& h) {
    // What belongs to another trace must not go on in this one.
    return h.name == trace_header::parent ||
           (h.name == trace_header::state && send.tracestate.empty());
  });
  event.headers.push_back({trace_header::parent, to_traceparent(send.context), false});
}

span tracer::closed(const open_span& of, std::string_view operation, const std::string& topic,
                    std::string_view tenant) const {
  span s;
  s.context = of.context;
  s.parent = of.parent;
  s.tracestate = of.tracestate;
  s.name = std::string{operation} + ' ' + topic;
  s.began_ns = of.began_ns;
  s.ended_ns = std::max(now_ns(), of.began_ns);
  add(s, "messaging.system", "kafka");
  add(s, "messaging.operation.name", operation);
  add(s, "messaging.operation.type", operation);
  add(s, "messaging.client.id", client_);
  add(s, "messaging.destination.name", topic);
  add(s, "streamer.tenant", tenant);
  return s;
}

void tracer::end_attempt(const open_span& attempt, const record_ref& record,
                         const attempt_facts& facts) const {
  const auto& r = record.get();
  auto s = closed(attempt, "process", record.batch->stored_topic(), facts.tenant);
  s.kind = span_kind::consumer;
  add(s, "messaging.destination.partition.id", std::to_string(record.batch->partition().value()));
  add(s, "messaging.kafka.offset", r.offset.value());
  add(s, "messaging.consumer.group.name", group_);
  add(s, "messaging.message.body.size", static_cast<std::int64_t>(r.value.size()));
  if (!facts.handler.empty()) {
    add(s, "streamer.handler", facts.handler);
  }
  add(s, "streamer.attempt", static_cast<std::int64_t>(facts.attempt));
  add(s, "streamer.outcome", facts.fenced ? "fenced" : word_of(facts.kind));
  if (facts.fenced) {
    s.error = "fenced";
  } else if (facts.kind == outcome_kind::retry || facts.kind == outcome_kind::reject) {
    // The reason is free text and may quote the record.
    s.error = to_string(facts.cause);
  }
  if (!s.error.empty()) {
    add(s, "error.type", s.error);
  }
  exporter_->submit(std::move(s));
}

void tracer::end_send(const open_span& send, const outbound_event& event,
                      const delivery_result& answer, const send_facts& facts) const {
  auto s = closed(send, "send", event.topic, facts.tenant);
  s.kind = span_kind::producer;
  add(s, "messaging.message.body.size", static_cast<std::int64_t>(event.value_bytes().size()));
  if (!facts.dlq_reason.empty()) {
    add(s, "streamer.dlq.reason", facts.dlq_reason);
  }
  if (answer.state == delivery_state::acknowledged) {
    add(s, "messaging.destination.partition.id", std::to_string(answer.partition.value()));
    add(s, "messaging.kafka.offset", answer.offset.value());
  } else {
    s.error = replace_invalid_utf8(answer.error_name);
    add(s, "error.type", s.error);
  }
  exporter_->submit(std::move(s));
}

} // namespace streamer
