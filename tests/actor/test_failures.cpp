// Failures: retries in their time, then the DLQ, and never a commit before its acknowledgement.
#include "actors/dlq/dead_letter_record.hpp"
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

using namespace streamer;
using namespace streamer::test;

namespace {

const std::string dlq = "events.dlq";

outcome refuse(const record_view& /*record*/, emitter& /*out*/) { return outcome::reject("never"); }

} // namespace

TEST_CASE("a failed attempt is made again when its back-off is over, not before", "[failures]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.attempt() < 4 ? outcome::retry("not yet") : outcome::success();
  }};
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  std::vector<std::int64_t> began_at{0};
  for (std::int64_t now = 10; now <= 1'000; now += 10) {
    w.pass(milliseconds{10});
    if (w.notes->count(step::began) > began_at.size()) {
      began_at.push_back(now);
    }
  }
  // The schedule is looked at every 10 ms, and so is the clock here.
  REQUIRE(began_at.size() == 4);
  constexpr std::array backoffs{100, 200, 400};
  for (std::size_t i = 0; i < backoffs.size(); ++i) {
    const auto waited = began_at[i + 1] - began_at[i];
    CHECK(waited >= backoffs[i]);
    CHECK(waited <= backoffs[i] + 20);
  }
  CHECK(w.notes->count(step::succeeded) == 1);
  CHECK(w.notes->notes().back().number == 4);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.sink->written.empty());
  CHECK(w.metrics->counter(metric::retries, {{"cause", "handler"}}).value() == 3);
}

TEST_CASE("a record whose attempts are spent goes to the DLQ with its headers", "[failures]") {
  quick_plan plan{[](const record_view&, emitter&) -> outcome {
    throw std::runtime_error{"the backend is down"};
  }};
  plan.retry.max_attempts = 3;
  plan.consumer.group_id = "group-7";
  virtual_worker w{plan};
  w.append_keys(part(3), 2);
  auto spec = record_of("key", "payload", "acme");
  spec.timestamp_ms = 1'700'000'000'123;
  spec.headers.push_back({"traceparent", "00-abc", false});
  spec.headers.push_back({"nothing", "", true});
  spec.headers.push_back({"__dlq.errors.message", "of an earlier round", false});
  w.source->append(part(3), std::move(spec));
  w.source->set_committed(part(3), {offset_id{2}, -1, {}});
  w.assign({part(3)});
  w.pass(milliseconds{1'000});

  const auto letters = w.sink->written_to(dlq);
  REQUIRE(letters.size() == 1);
  const auto& letter = letters.front();
  CHECK(letter.key == "key");
  CHECK(letter.value == "payload");
  CHECK(letter.partition_seed == 3);
  CHECK(letter.header(dlq_header::topic) == "events");
  CHECK(letter.header(dlq_header::partition) == "3");
  CHECK(letter.header(dlq_header::offset) == "2");
  CHECK(letter.header(dlq_header::group) == "group-7");
  CHECK(letter.header(dlq_header::delivery_count) == "3");
  CHECK(letter.header(dlq_header::message) == "the backend is down");
  CHECK(letter.header(dlq_header::reason) == "retries_exhausted");
  CHECK(letter.header(dlq_header::exception) == "std::runtime_error");
  CHECK(letter.header(dlq_header::tenant) == "acme");
  CHECK(letter.header(dlq_header::original_timestamp) == "1700000000123");
  CHECK(letter.header(dlq_header::original_timestamp_type) == "CreateTime");
  CHECK(letter.header(dlq_header::redrive_count) == "0");
  CHECK_FALSE(letter.header(dlq_header::first_failed_at).empty());
  CHECK(letter.header("traceparent") == "00-abc");
  CHECK(std::count_if(letter.headers.begin(), letter.headers.end(),
                      [](const auto& h) { return h.name == dlq_header::message; }) == 1);
  CHECK(std::any_of(letter.headers.begin(), letter.headers.end(),
                    [](const auto& h) { return h.name == "nothing" && h.value_is_null; }));
  CHECK(w.notes->count(step::began, part(3), offset_id{2}) == 3);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(3)) == 3);
  CHECK(w.counts_of(part(3)).dead_lettered == 1);
  CHECK(w.counts_of(part(3)).balanced());
}

TEST_CASE("nothing is committed before the DLQ has acknowledged", "[failures]") {
  virtual_worker w{quick_plan{refuse}};
  w.sink->hold = true;
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.pass(milliseconds{5'000});
  CHECK(w.sink->waiting() == 3);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.dlq_waiting->waiting_partitions.load() == 1);

  w.sink->hold = false;
  w.pass(milliseconds{1'200});
  CHECK(w.dead_letters(part(0)) == std::vector<std::int64_t>{0, 1, 2});
  CHECK(w.committed(part(0)) == 3);
  CHECK(w.dlq_waiting->waiting_partitions.load() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a DLQ that refuses is tried until it takes the record", "[failures]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.key().view() == "poison" ? outcome::reject("never") : outcome::success();
  }};
  virtual_worker w{plan};
  bool up = false;
  // A right that is missing comes back too once somebody grants it.
  const auto refusal = GENERATE_COPY(values({1, 2}));
  w.sink->judge = [&](const outbound_event&) {
    return up ? acknowledged() : refusal == 1 ? refused_for_now() : refused_for_good();
  };
  w.append_keys(part(0), 2);
  w.source->append(part(0), record_of("poison"));
  w.source->append(part(0), record_of("poison"));
  w.append_keys(part(0), 2, "later");
  w.assign({part(0)});
  w.pass(milliseconds{20'000});

  CHECK(w.sink->refused > 5);
  CHECK(w.sink->written.empty());
  CHECK(w.committed(part(0)) == 2);
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0, 1, 2, 4, 5});
  CHECK(w.dlq_waiting->waiting_partitions.load() == 1);

  up = true;
  w.pass(milliseconds{3'000});
  CHECK(w.dead_letters(part(0)) == std::vector<std::int64_t>{2, 3});
  CHECK(w.committed(part(0)) == 6);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("an unavailable DLQ stops the flow of poison instead of filling memory", "[failures]") {
  quick_plan plan{refuse};
  plan.consumer.max_in_flight = 60;
  virtual_worker w{plan};
  w.sink->judge = [](const outbound_event&) { return refused_for_now(); };
  w.append_keys(part(0), 500);
  w.assign({part(0)});
  w.pass(milliseconds{10'000});
  CHECK(w.source->most_in_flight <= 60);
  CHECK(w.source->delivered <= 60);
  CHECK(w.committed(part(0)) <= 0);

  w.sink->judge = nullptr;
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.dead_letters(part(0)).size() == 500);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
}

TEST_CASE("a record that the DLQ finds too large", "[failures]") {
  quick_plan plan{refuse};
  bool waits = false;
  SECTION("is replaced by a pointer to it") {}
  SECTION("waits, if the operator wants that") {
    plan.dlq.on_too_large = too_large_kind::hold;
    waits = true;
  }
  virtual_worker w{plan};
  w.sink->judge = [](const outbound_event& e) {
    auto r = e.value_bytes().size() > 100 ? refused_for_good("MSG_SIZE_TOO_LARGE") : acknowledged();
    r.too_large = r.state != delivery_state::acknowledged;
    return r;
  };
  w.source->append(part(0), record_of("big", std::string(1'000, 'x')));
  w.assign({part(0)});
  w.pass(milliseconds{5'000});
  const auto letters = w.sink->written_to(dlq);
  if (waits) {
    CHECK(letters.empty());
    CHECK(w.committed(part(0)) <= 0);
    return;
  }
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].header(dlq_header::reason) == "too_large");
  CHECK(letters[0].header(dlq_header::offset) == "0");
  CHECK_FALSE(letters[0].key);
  CHECK_FALSE(letters[0].value);
  CHECK(w.committed(part(0)) == 1);
}

TEST_CASE("reject goes to the DLQ without a further attempt", "[failures]") {
  quick_plan plan{[](const record_view& r, emitter&) -> outcome {
    if (r.key().view() == "thrown") {
      throw permanent_error{"broken for good"};
    }
    return outcome::reject("no");
  }};
  virtual_worker w{plan};
  w.source->append(part(0), record_of("said"));
  w.source->append(part(0), record_of("thrown"));
  w.assign({part(0)});
  w.pass(milliseconds{5'000});
  const auto letters = w.sink->written_to(dlq);
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].header(dlq_header::message) == "no");
  CHECK(letters[1].header(dlq_header::message) == "broken for good");
  for (const auto& letter : letters) {
    CHECK(letter.header(dlq_header::reason) == "handler_rejected");
    CHECK(letter.header(dlq_header::delivery_count) == "1");
  }
  CHECK(w.notes->count(step::began) == 2);
}

TEST_CASE("retry_on and reject_on overrule the handler", "[failures]") {
  worker_plan plan;
  const auto notes = std::make_shared<journal>();
  plan.retry.max_attempts = 3;
  const auto throwing = [](const record_view& r, emitter&) -> outcome {
    if (r.key().view() == "permanent") {
      throw permanent_error{"so it says"};
    }
    throw std::logic_error{"a mistake"};
  };
  planned_handler h{quick_handler{noted(notes, throwing)}, {}};
  h.retry_on = {"*permanent_error"};
  h.reject_on = {"std::logic_error"};
  plan.handlers.push_back(h);
  virtual_worker w{plan, notes};
  w.source->append(part(0), record_of("permanent"));
  w.source->append(part(0), record_of("mistake"));
  w.assign({part(0)});
  w.pass(milliseconds{2'000});
  CHECK(w.notes->count(step::began, part(0), offset_id{0}) == 3);
  CHECK(w.notes->count(step::began, part(0), offset_id{1}) == 1);
  const auto letters = w.sink->written_to("events.dlq");
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].header("streamer.dlq.reason") == "handler_rejected");
  CHECK(letters[1].header("streamer.dlq.reason") == "retries_exhausted");
}

TEST_CASE("a record that no handler takes", "[failures]") {
  worker_plan plan;
  const auto notes = std::make_shared<journal>();
  plan.handlers.push_back({quick_handler{noted(notes, succeed)}, "mine"});
  bool dead = true;
  SECTION("is dead-lettered") {}
  SECTION("is skipped, if so configured") {
    plan.unmatched = unmatched_policy::discard;
    dead = false;
  }
  virtual_worker w{plan, notes};
  w.source->append(part(0), record_of("a", {}, "t", "mine"));
  w.source->append(part(0), record_of("a", {}, "t", "nobody's"));
  w.source->append(part(0), record_of("a", {}, "t", "mine"));
  w.assign({part(0)});
  w.pass(milliseconds{1'200});
  CHECK(w.counts_of(part(0)).processed == 2);
  CHECK(w.counts_of(part(0)).skipped == (dead ? 0 : 1));
  CHECK(w.counts_of(part(0)).dead_lettered == (dead ? 1 : 0));
  const auto letters = w.sink->written_to(dlq);
  REQUIRE(letters.size() == (dead ? 1 : 0));
  if (dead) {
    CHECK(letters[0].header(dlq_header::reason) == "unmatched");
  }
  CHECK(w.source->committed(part(0)).offset == offset_id{3});
}

TEST_CASE("attempts go on counting in the next ownership", "[failures]") {
  quick_plan plan{[](const record_view&, emitter&) { return outcome::retry("not yet"); }};
  plan.retry.max_attempts = 5;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{150});
  REQUIRE(w.notes->notes().back().number == 2);
  w.source->revoke({part(0)});
  w.settle();
  REQUIRE_FALSE(w.source->epoch_of(part(0)));
  REQUIRE(w.committed_metadata(part(0)).failing.size() == 1);
  CHECK(w.committed_metadata(part(0)).failing[0].attempts == 2);

  w.assign({part(0)});
  w.pass(milliseconds{20'000});
  std::vector<std::uint32_t> numbers;
  for (const auto& n : w.notes->notes()) {
    if (n.what == step::began) {
      numbers.push_back(n.number);
    }
  }
  CHECK(numbers == std::vector<std::uint32_t>{1, 2, 3, 4, 5});
  REQUIRE(w.sink->written_to(dlq).size() == 1);
  CHECK(w.sink->written_to(dlq)[0].header(dlq_header::delivery_count) == "5");
}

TEST_CASE("no attempt is made beyond max_elapsed", "[failures]") {
  quick_plan plan{[](const record_view&, emitter&) { return outcome::retry("not yet"); }};
  plan.retry.max_attempts = 1'000;
  plan.retry.max_elapsed = milliseconds{1'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{30'000});
  // At 0, 100, 300 and 700 ms; the next one would be at 1,500 ms.
  CHECK(w.notes->count(step::began) == 4);
  CHECK(w.dead_letters(part(0)) == std::vector<std::int64_t>{0});
}
