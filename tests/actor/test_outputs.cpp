// What handlers emit: kept until they succeed, and part of the record until it is acknowledged.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace streamer;
using namespace streamer::test;

namespace {

outbound_event event_to(std::string topic, std::string value) {
  outbound_event e;
  e.topic = std::move(topic);
  e.key = "key";
  e.value = std::move(value);
  return e;
}

/// Emits `first` and `second` to the topic `out`.
outcome emit_two(const record_view& /*record*/, emitter& out) {
  out.emit(event_to("out", "first"));
  out.emit(event_to("out", "second"));
  return outcome::success();
}

} // namespace

TEST_CASE("events wait until the handler has succeeded", "[outputs]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  auto d = plan.handler->take(0);
  REQUIRE(d);
  d->emit(event_to("out", "early"));
  w.pass(milliseconds{500});
  CHECK(w.sink->written.empty());
  REQUIRE(plan.handler->finish(*d, outcome::success()));
  w.settle();
  REQUIRE(w.sink->written_to("out").size() == 1);
  CHECK(w.sink->written_to("out")[0].value == "early");
}

TEST_CASE("events of an attempt that failed are dropped", "[outputs]") {
  virtual_worker w{quick_plan{[](const record_view& r, emitter& out) {
    out.emit(event_to("out", "attempt " + std::to_string(r.attempt())));
    return r.attempt() < 3 ? outcome::retry("not yet") : outcome::success();
  }}};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{1'500});
  REQUIRE(w.sink->written.size() == 1);
  CHECK(w.sink->written[0].value == "attempt 3");
}

TEST_CASE("a record is finished when all its events are acknowledged", "[outputs]") {
  virtual_worker w{quick_plan{emit_two}};
  w.sink->hold = true;
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  w.pass(milliseconds{3'000});
  CHECK(w.notes->count(step::succeeded) == 5);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.credit->held_records() == 5);

  w.sink->hold = false;
  w.pass(milliseconds{1'200});
  CHECK(w.sink->written_to("out").size() == 10);
  CHECK(w.committed(part(0)) == 5);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("an output that refuses for now holds the record and costs no attempt", "[outputs]") {
  virtual_worker w{quick_plan{emit_two}};
  int refusals = 4;
  w.sink->judge = [&](const outbound_event& e) {
    return e.value == "second" && refusals-- > 0 ? refused_for_now() : acknowledged();
  };
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{200});
  CHECK(w.committed(part(0)) <= 0);
  w.pass(milliseconds{3'000});
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.notes->count(step::began) == 1);
  // What was acknowledged is not sent again.
  const auto out = w.sink->written_to("out");
  REQUIRE(out.size() == 2);
  CHECK(out[0].value == "first");
  CHECK(out[1].value == "second");
  CHECK(w.metrics->counter(metric::output_errors, {{"kind", "for_now"}}).value() == 4);
}

TEST_CASE("an output that is down for long turns nothing into dead letters", "[outputs]") {
  quick_plan plan{emit_two};
  plan.retry.max_elapsed = milliseconds{1'000};
  virtual_worker w{plan};
  bool up = false;
  w.sink->judge = [&](const outbound_event&) { return up ? acknowledged() : refused_for_now(); };
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.pass(milliseconds{30'000});
  CHECK(w.sink->written.empty());
  up = true;
  w.pass(milliseconds{2'000});
  CHECK(w.committed(part(0)) == 3);
  CHECK(w.dead_letters(part(0)).empty());
  CHECK(w.violations.empty());
}

TEST_CASE("an output that refuses for good is reject", "[outputs]") {
  virtual_worker w{quick_plan{emit_two}};
  w.sink->judge = [](const outbound_event& e) {
    return e.topic == "out" && e.value == "second" ? refused_for_good("TOPIC_AUTHORIZATION_FAILED")
                                                   : acknowledged();
  };
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{2'000});
  const auto letters = w.sink->written_to("events.dlq");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].header("streamer.dlq.reason") == "handler_rejected");
  CHECK(letters[0].header("__dlq.errors.message").find("TOPIC_AUTHORIZATION_FAILED") !=
        std::string::npos);
  CHECK(w.notes->count(step::began) == 1);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.counts_of(part(0)).dead_lettered == 1);
  CHECK(w.counts_of(part(0)).balanced());
}

TEST_CASE("trace context travels to what is emitted", "[outputs]") {
  virtual_worker w{quick_plan{[](const record_view&, emitter& out) {
    auto own = event_to("out", "own");
    own.headers.push_back({"traceparent", "mine", false});
    out.emit(event_to("out", "carried"));
    out.emit(std::move(own));
    return outcome::success();
  }}};
  auto spec = record_of("a");
  spec.headers.push_back({"traceparent", "00-1", false});
  spec.headers.push_back({"baggage", "b=1", false});
  w.source->append(part(0), std::move(spec));
  w.assign({part(0)});
  w.settle();
  const auto out = w.sink->written_to("out");
  REQUIRE(out.size() == 2);
  CHECK(out[0].header("traceparent") == "00-1");
  CHECK(out[0].header("baggage") == "b=1");
  CHECK(out[1].header("traceparent") == "mine");
}

TEST_CASE("outputs that wait for an acknowledgement are part of the bound", "[outputs]") {
  quick_plan plan{emit_two};
  plan.consumer.max_in_flight = 40;
  virtual_worker w{plan};
  w.sink->hold = true;
  w.append_keys(part(0), 200);
  w.assign({part(0)});
  w.pass(milliseconds{2'000});
  CHECK(w.source->delivered <= 40);
  w.sink->hold = false;
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.sink->written_to("out").size() == 400);
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("outputs of what lies in a handler's mailbox go as one request", "[outputs]") {
  virtual_worker w{quick_plan{emit_two}};
  w.sink->hold = true;
  std::vector<topic_partition> parts;
  for (std::int32_t p = 0; p < 6; ++p) {
    parts.push_back(part(p));
    w.append_keys(part(p), 10);
  }
  w.assign(parts);
  CHECK(w.sink->waiting() == 120);
  CHECK(w.sink->submitted() <= 2); // and not one for each partition's records
  w.sink->hold = false;
  REQUIRE(w.pass_until([&] { return w.drained(parts); }));
  CHECK(w.sink->written_to("out").size() == 120);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("outputs of a handler that takes its time do not wait for all of its mailbox",
          "[outputs]") {
  virtual_worker* worker = nullptr;
  virtual_worker w{quick_plan{[&](const record_view& r, emitter& out) {
    worker->work_for(milliseconds{5});
    return emit_two(r, out);
  }}};
  worker = &w;
  w.sink->hold = true;
  std::vector<topic_partition> parts;
  for (std::int32_t p = 0; p < 6; ++p) {
    parts.push_back(part(p));
    w.append_keys(part(p), 1);
  }
  w.assign(parts);
  CHECK(w.sink->waiting() == 12);
  CHECK(w.sink->submitted() >= 3);
}

TEST_CASE("one output that is refused for good leaves the others of its slice alone", "[outputs]") {
  virtual_worker w{quick_plan{emit_two}};
  int judged = 0;
  w.sink->judge = [&](const outbound_event& e) {
    return e.topic == "out" && ++judged == 7 ? refused_for_good("MSG_SIZE_TOO_LARGE")
                                             : acknowledged();
  };
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.sink->written_to("out").size() == 19);
  CHECK(w.sink->written_to("events.dlq").size() == 1);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

// Outputs may be collected, sent or acknowledged at the time.
TEST_CASE("a partition that is lost at any time leaves none of its outputs' records behind",
          "[outputs]") {
  const auto steps = GENERATE(range(0, 60));
  virtual_worker w{quick_plan{emit_two}};
  w.append_keys(part(0), 10);
  w.append_keys(part(1), 10, "other");
  w.source->assign({part(0), part(1)});
  while (w.notes->count(step::succeeded) == 0) {
    REQUIRE(w.take_step());
  }
  for (int i = 0; i < steps; ++i) {
    (void)w.take_step();
  }
  w.source->lose({part(0)});
  w.settle();
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(1)) == 10);
  CHECK(w.credit->held_records() == 0);
  w.assign({part(0)});
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 10);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.sink->written_to("out").size() >= 40);
  CHECK(w.violations.empty());
  CHECK(w.end_and_count_survivors() == 0);
}
