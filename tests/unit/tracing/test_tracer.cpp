#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/tracing/tracer.hpp"

using namespace streamer;

namespace {

constexpr const char* sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// Keeps what it is to export.
class span_keeper final : public span_exporter {
 public:
  void submit(span finished) noexcept override { spans.push_back(std::move(finished)); }
  [[nodiscard]] span_totals totals() const override { return {}; }
  void close(std::chrono::milliseconds /*budget*/) noexcept override {}
  std::vector<span> spans;
};

struct bench {
  std::shared_ptr<span_keeper> kept = std::make_shared<span_keeper>();
  tracer tracing;
  explicit bench(double ratio = 0.0) : tracing{"group", "client", ratio, 42, kept} {}
};

record_ref record_with(std::vector<owned_header> headers, std::int64_t offset = 5) {
  record r;
  r.offset = offset_id{offset};
  r.timestamp_ms = 1'700'000'000'000 + offset;
  r.key = bytes_ref{std::string_view{"the-key"}};
  r.value = bytes_ref{std::string_view{"the-value"}};
  return {std::make_shared<detached_records>("orders", partition_id{3}, r, std::move(headers)), 0};
}

std::string attribute(const span& s, std::string_view name) {
  const auto found = std::ranges::find(s.attributes, name, &span_attribute::name);
  if (found == s.attributes.end()) {
    return {};
  }
  const auto* const text = std::get_if<std::string>(&found->value);
  return text != nullptr ? *text : std::to_string(std::get<std::int64_t>(found->value));
}

std::string header(const outbound_event& event, std::string_view name) {
  const auto found = std::ranges::find(event.headers, name, &owned_header::name);
  return found == event.headers.end() ? std::string{} : found->value;
}

std::ptrdiff_t count(const outbound_event& event, std::string_view name) {
  return std::ranges::count(event.headers, name, &owned_header::name);
}

} // namespace

TEST_CASE("A sampled record is traced whatever the ratio, an unsampled one never") {
  const bench none{0.0};
  const bench all{1.0};
  const auto context = parse_traceparent(sampled);
  for (const auto* b : {&none, &all}) {
    const auto attempt = b->tracing.begin_attempt(record_with({{"traceparent", sampled, false}}));
    REQUIRE(attempt);
    CHECK(attempt->context.trace == context->trace);
    CHECK(attempt->parent == context->span);
    CHECK(attempt->context.span != context->span);
    CHECK_FALSE(b->tracing.begin_attempt(record_with({{"traceparent", unsampled, false}})));
  }
  CHECK_FALSE(none.tracing.begin_attempt(record_with({})));
  CHECK(all.tracing.begin_attempt(record_with({})));
}

TEST_CASE("A context that cannot be read counts as none, and so does its state") {
  const bench all{1.0};
  const auto attempt = all.tracing.begin_attempt(
      record_with({{"traceparent", "00-nonsense", false}, {"tracestate", "a=b", false}}));
  REQUIRE(attempt);
  CHECK(attempt->parent == span_id{});
  CHECK(attempt->tracestate.empty());
}

TEST_CASE("The ratio is that of the traces that begin, and everybody tells them alike") {
  const bench one{0.25};
  const tracer other{"group", "another", 0.25, 77, std::make_shared<span_keeper>()};
  int chosen = 0;
  std::set<trace_id> traces;
  for (std::int64_t offset = 0; offset < 4'000; ++offset) {
    const auto record = record_with({}, offset);
    const auto mine = one.tracing.begin_attempt(record);
    const auto theirs = other.begin_attempt(record);
    REQUIRE(mine.has_value() == theirs.has_value());
    if (mine) {
      ++chosen;
      CHECK(mine->context.trace == theirs->context.trace);
      CHECK(mine->context.span != theirs->context.span);
      CHECK(traces.insert(mine->context.trace).second);
    }
  }
  // Six standard deviations.
  CHECK(chosen > 1'000 - 165);
  CHECK(chosen < 1'000 + 165);
}

TEST_CASE("Both ends of the ratio hold for every number") {
  trace_id highest{};
  highest.fill(0xFF);
  CHECK(is_chosen(highest, 1.0));
  CHECK_FALSE(is_chosen(highest, 0.999));
  CHECK_FALSE(is_chosen(trace_id{}, 0.0));
  CHECK(is_chosen(trace_id{}, 0.001));
}

TEST_CASE("Further attempts of a trace that begins here hang on the first") {
  const bench all{1.0};
  const auto record = record_with({});
  const auto first = all.tracing.begin_attempt(record);
  const auto second = all.tracing.begin_attempt(record, first->context);
  REQUIRE(second);
  CHECK(first->parent == span_id{});
  CHECK(second->parent == first->context.span);
  CHECK(second->context.trace == first->context.trace);
  // Where the trace began elsewhere all of them hang on what was before the record.
  const auto led = record_with({{"traceparent", sampled, false}});
  CHECK(all.tracing.begin_attempt(led, first->context)->parent == parse_traceparent(sampled)->span);
}

TEST_CASE("An attempt's span has the conventions' attributes, and neither key nor value") {
  bench b;
  const auto record =
      record_with({{"traceparent", sampled, false}, {"tracestate", "vendor=x", false}});
  const auto attempt = b.tracing.begin_attempt(record);
  REQUIRE(attempt);
  b.tracing.end_attempt(*attempt, record,
                        {"ten\xff", "forward", 2, outcome_kind::retry, failure_class::timeout});
  REQUIRE(b.kept->spans.size() == 1);
  const auto& s = b.kept->spans.front();
  CHECK(s.name == "process orders");
  CHECK(s.kind == span_kind::consumer);
  CHECK(s.tracestate == "vendor=x");
  CHECK(s.ended_ns >= s.began_ns);
  CHECK(s.error == "timeout");
  CHECK(attribute(s, "messaging.system") == "kafka");
  CHECK(attribute(s, "messaging.operation.name") == "process");
  CHECK(attribute(s, "messaging.operation.type") == "process");
  CHECK(attribute(s, "messaging.destination.name") == "orders");
  CHECK(attribute(s, "messaging.destination.partition.id") == "3");
  CHECK(attribute(s, "messaging.kafka.offset") == "5");
  CHECK(attribute(s, "messaging.consumer.group.name") == "group");
  CHECK(attribute(s, "messaging.client.id") == "client");
  CHECK(attribute(s, "messaging.message.body.size") == "9");
  CHECK(attribute(s, "streamer.tenant") == "ten\xEF\xBF\xBD");
  CHECK(attribute(s, "streamer.handler") == "forward");
  CHECK(attribute(s, "streamer.attempt") == "2");
  CHECK(attribute(s, "streamer.outcome") == "retry");
  CHECK(attribute(s, "error.type") == "timeout");
  for (const auto& a : s.attributes) {
    const auto text = attribute(s, a.name);
    CHECK(text.find("the-key") == std::string::npos);
    CHECK(text.find("the-value") == std::string::npos);
  }
}

TEST_CASE("An attempt that was fenced has not succeeded") {
  bench b;
  const auto record = record_with({{"traceparent", sampled, false}});
  const auto attempt = b.tracing.begin_attempt(record);
  attempt_facts facts{"t", "h", 1};
  b.tracing.end_attempt(*attempt, record, facts);
  facts.fenced = true;
  b.tracing.end_attempt(*attempt, record, facts);
  CHECK(b.kept->spans.front().error.empty());
  CHECK(attribute(b.kept->spans.front(), "streamer.outcome") == "processed");
  CHECK(b.kept->spans.back().error == "fenced");
}

TEST_CASE("An event carries the context of its own span, once") {
  const bench b;
  const auto record =
      record_with({{"traceparent", sampled, false}, {"tracestate", "vendor=x", false}});
  const auto attempt = b.tracing.begin_attempt(record);
  outbound_event event;
  event.headers = {{"traceparent", sampled, false},
                   {"other", "1", false},
                   {"traceparent", sampled, false},
                   {"tracestate", "vendor=x", false}};
  const auto send = b.tracing.begin_send(*attempt, event);
  REQUIRE(send);
  CHECK(send->parent == attempt->context.span);
  CHECK(send->context.trace == attempt->context.trace);
  CHECK(header(event, "traceparent") == to_traceparent(send->context));
  CHECK(count(event, "traceparent") == 1);
  CHECK(header(event, "tracestate") == "vendor=x");
  CHECK(header(event, "other") == "1");
}

TEST_CASE("An event that borrows its record's headers gets them as its own") {
  const bench b;
  const auto record = record_with(
      {{"a", "1", false}, {"traceparent", sampled, false}, {"empty", "", true}, {"a", "2", false}});
  const auto attempt = b.tracing.begin_attempt(record);
  outbound_event event;
  event.keep_alive = record;
  event.with_record_headers = true;
  event.headers = {{"added", "3", false}};
  REQUIRE(b.tracing.begin_send(*attempt, event));
  CHECK_FALSE(event.with_record_headers);
  CHECK(count(event, "a") == 2);
  CHECK(count(event, "traceparent") == 1);
  CHECK(header(event, "added") == "3");
  CHECK(event.headers.at(1) == owned_header{"empty", "", true});
}

TEST_CASE("A state that belongs to no trace is not handed on in a new one") {
  const bench all{1.0};
  const auto record = record_with({{"tracestate", "vendor=x", false}});
  const auto attempt = all.tracing.begin_attempt(record);
  outbound_event event;
  event.headers = {{"tracestate", "vendor=x", false}};
  REQUIRE(all.tracing.begin_send(*attempt, event));
  CHECK(count(event, "tracestate") == 0);
}

TEST_CASE("A context that the handler gave is the nearer cause") {
  const bench b;
  const auto record = record_with({{"traceparent", sampled, false}});
  const auto attempt = b.tracing.begin_attempt(record);
  const std::string own = "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-0";
  outbound_event event;
  event.headers = {{"traceparent", own + "1", false}};
  const auto send = b.tracing.begin_send(*attempt, event);
  REQUIRE(send);
  CHECK(send->parent == parse_traceparent(own + "1")->span);

  outbound_event silent;
  silent.headers = {{"traceparent", own + "0", false}};
  CHECK_FALSE(b.tracing.begin_send(*attempt, silent));
  CHECK(header(silent, "traceparent") == own + "0");
}

TEST_CASE("A dead letter hangs on the last attempt, or on what the record says") {
  const bench b;
  const auto record = record_with({{"traceparent", sampled, false}});
  const auto attempt = b.tracing.begin_attempt(record);
  outbound_event event;
  event.headers = {{"traceparent", sampled, false}};
  const auto send = b.tracing.begin_dead_letter(record, attempt->context, event);
  REQUIRE(send);
  CHECK(send->parent == attempt->context.span);
  CHECK(header(event, "traceparent") == to_traceparent(send->context));

  const auto without = b.tracing.begin_dead_letter(record, std::nullopt, event);
  REQUIRE(without);
  CHECK(without->parent == parse_traceparent(sampled)->span);

  outbound_event other;
  other.headers = {{"traceparent", unsampled, false}};
  CHECK_FALSE(b.tracing.begin_dead_letter(record_with({{"traceparent", unsampled, false}}),
                                          std::nullopt, other));
  CHECK(header(other, "traceparent") == unsampled);
}

TEST_CASE("What was sent says where it went, or why it did not") {
  bench b;
  const auto record = record_with({{"traceparent", sampled, false}});
  const auto attempt = b.tracing.begin_attempt(record);
  outbound_event event;
  event.topic = "orders.dlq";
  event.value = "12345";
  const auto send = b.tracing.begin_send(*attempt, event);
  REQUIRE(send);
  delivery_result answer;
  answer.partition = partition_id{1};
  answer.offset = offset_id{17};
  b.tracing.end_send(*send, event, answer, {"acme", "handler_rejected"});
  answer.state = delivery_state::refused_for_good;
  answer.error_name = "MSG_SIZE_TOO_LARGE";
  b.tracing.end_send(*send, event, answer, {"acme", {}});
  REQUIRE(b.kept->spans.size() == 2);
  const auto& sent = b.kept->spans.front();
  CHECK(sent.name == "send orders.dlq");
  CHECK(sent.kind == span_kind::producer);
  CHECK(sent.error.empty());
  CHECK(attribute(sent, "messaging.operation.type") == "send");
  CHECK(attribute(sent, "messaging.destination.name") == "orders.dlq");
  CHECK(attribute(sent, "messaging.destination.partition.id") == "1");
  CHECK(attribute(sent, "messaging.kafka.offset") == "17");
  CHECK(attribute(sent, "messaging.message.body.size") == "5");
  CHECK(attribute(sent, "streamer.tenant") == "acme");
  CHECK(attribute(sent, "streamer.dlq.reason") == "handler_rejected");
  const auto& refused = b.kept->spans.back();
  CHECK(refused.error == "MSG_SIZE_TOO_LARGE");
  CHECK(attribute(refused, "error.type") == "MSG_SIZE_TOO_LARGE");
  CHECK(attribute(refused, "messaging.kafka.offset").empty());
}
