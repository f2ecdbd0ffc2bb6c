// What operators pause, resume and move, and what a reload changes while a worker runs.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <numeric>

using namespace streamer;
using namespace streamer::test;

namespace {

std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(to - from));
  std::iota(all.begin(), all.end(), from);
  return all;
}

std::uint64_t sum(const lag_split& lag) {
  return static_cast<std::uint64_t>(lag.span.end - lag.span.from);
}

} // namespace

TEST_CASE("a paused partition ends what runs, commits it, and holds no record", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  for (int i = 0; i < 4; ++i) {
    w.source->append(part(0), record_of(i % 2 == 0 ? "a" : "b"));
  }
  w.append_keys(part(1), 3);
  w.assign({part(0), part(1)});
  REQUIRE(plan.handler->held() == 5);
  w.source->stop(part(0));
  // Longer than a rebalance would wait.
  w.pass(plan.consumer.drain_timeout + milliseconds{1'000});
  CHECK(w.source->releases.empty());
  REQUIRE(plan.handler->complete_all() == 5);
  w.pass(milliseconds{2'000});

  CHECK(w.committed(part(0)) == 2);
  CHECK(w.committed(part(1)) == 3);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.counts_of(part(0)).balanced());
  CHECK(w.counts_of(part(0)).fenced == 2); // what had not begun
  CHECK(plan.handler->held() == 0);
  const auto lag = w.whole_lag(part(0));
  CHECK(lag.parts.total() == sum(lag));
  CHECK(lag.parts.unfetched == 2);
  CHECK_FALSE(w.progress->runnable());

  // The others go on, and it goes on where it was.
  w.append_keys(part(1), 2, "later");
  w.settle();
  CHECK(plan.handler->complete_all() == 2);
  w.source->go_on(part(0));
  w.settle();
  CHECK(plan.handler->complete_all() == 2);
  w.pass(milliseconds{2'000});
  CHECK(w.committed(part(0)) == 4);
  CHECK(w.notes->begun(part(0)) == numbers(0, 4));
  CHECK(w.violations.empty());
}

TEST_CASE("a pause keeps the attempts of a failing record, and makes none", "[pauses]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.offset().value() == 0 && r.attempt() < 3 ? outcome::retry("later")
                                                      : outcome::success();
  }};
  plan.retry.initial_backoff = milliseconds{1'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.source->stop(part(0));
  w.pass(milliseconds{30'000});
  CHECK(w.notes->count(step::began, part(0), offset_id{0}) == 1);
  CHECK(w.committed(part(0)) == 0);
  REQUIRE(w.committed_metadata(part(0)).failing.size() == 1);
  w.source->go_on(part(0));
  REQUIRE(w.pass_until([&] { return w.committed(part(0)) == 3; }));
  CHECK(w.notes->count(step::began, part(0), offset_id{0}) == 3);
  CHECK(w.notes->count(step::began) == 5); // the others once each
}

TEST_CASE("a rebalance cuts the longer time of a pause short", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  w.source->stop(part(0));
  w.pass(milliseconds{1'000});
  w.source->revoke({part(0)});
  w.pass(plan.consumer.drain_timeout + milliseconds{500});
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.counts_of(part(0)).fenced == 2);
  CHECK_FALSE(w.source->epoch_of(part(0)));
}

TEST_CASE("what outlasts the longest attempt is fenced, so that a pause has an end", "[pauses]") {
  held_plan plan;
  plan.longest_attempt = milliseconds{2'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  w.source->stop(part(0));
  REQUIRE(plan.handler->complete(1));
  w.pass(milliseconds{2'500});
  REQUIRE(w.source->releases.size() == 1);
  CHECK(plan.handler->complete_all() == 0); // too late
  w.source->go_on(part(0));
  w.settle();
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{0}); // the other one is remembered
}

TEST_CASE("a partition consumer that fails while it is paused comes back paused", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  w.source->stop(part(0));
  w.kill("partition_consumer");
  w.pass(milliseconds{1'000});
  REQUIRE(w.source->epoch_of(part(0)));
  const auto delivered = w.source->delivered;
  w.pass(milliseconds{1'000});
  CHECK(w.source->delivered == delivered);
  w.source->go_on(part(0));
  w.settle();
  plan.handler->complete_all();
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
}

TEST_CASE("a seek forward leaves nothing of the old place, and says what it left", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(1));
  w.source->move(part(0), offset_id{8});
  w.settle();
  plan.handler->complete_all();
  w.settle();
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{8, 9});
  CHECK(w.committed(part(0)) == 8);
  CHECK(w.counts_of(part(0)).balanced());
  plan.handler->complete_all();
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a seek back begins when the last attempt of the old place has ended", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  for (int i = 0; i < 6; ++i) {
    w.source->append(part(0), record_of("one key"));
  }
  w.assign({part(0)});
  for (int i = 0; i < 3; ++i) {
    REQUIRE(plan.handler->complete(i));
    w.settle();
  }
  REQUIRE(plan.handler->offsets() == std::vector<std::int64_t>{3});
  w.source->move(part(0), offset_id{0});
  w.pass(milliseconds{500});
  // Nothing of the new place overtakes it.
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{3});
  REQUIRE(plan.handler->complete(3));
  w.settle();
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{0});
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0, 1, 2, 3, 0, 1, 2, 3, 4, 5});
  CHECK(w.counts_of(part(0)).balanced());
  CHECK(w.counts_of(part(0)).processed == 10);
}

TEST_CASE("a paused tenant waits in order, and the others go on", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.assign({part(0)});
  w.pauses->pause("slow", {});
  w.pass(milliseconds{200});
  for (int i = 0; i < 10; ++i) {
    w.source->append(part(0), record_of("k", {}, i % 2 == 0 ? "slow" : "quick"));
  }
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.notes->count_tenant(step::succeeded, "quick") == 5;
  }));
  w.pass(milliseconds{2'000});
  CHECK(w.notes->count_tenant(step::began, "slow") == 0);
  CHECK(w.committed(part(0)) == 0);
  CHECK(w.lag_of(part(0)).queued == 5);
  const auto lag = w.whole_lag(part(0));
  CHECK(lag.parts.total() == sum(lag));
  CHECK_FALSE(w.progress->runnable()); // no stall of the worker
  const auto said = w.explain(part(0));
  REQUIRE(said);
  REQUIRE(said->frontier);
  CHECK(said->frontier->tenant == "slow");
  CHECK(said->frontier->where == lag_state::queued);

  w.pauses->resume("slow");
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{1, 3, 5, 7, 9, 0, 2, 4, 6, 8});
  CHECK(w.violations.empty());
}

TEST_CASE("a tenant paused while its partition had nothing to do starts nothing of what comes",
          "[pauses]") {
  const quick_plan plan{succeed};
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  // From here on it is woken once a second: the pause may come at any time of that.
  w.pass(milliseconds{3'000} + milliseconds{GENERATE(range(0, 1'000, 100))});
  REQUIRE(w.committed(part(0)) == 3);
  w.pauses->pause("t", {});
  w.append_keys(part(0), 3, "later");
  w.pass(milliseconds{2'000});
  CHECK(w.notes->count(step::began) == 3);
  w.pauses->resume("t");
  w.pass(milliseconds{2'000});
  CHECK(w.committed(part(0)) == 6);
  CHECK(w.violations.empty());
}

TEST_CASE("a pause of a tenant holds its retries until it ends", "[pauses]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.attempt() == 1 ? outcome::retry("later") : outcome::success();
  }};
  plan.retry.initial_backoff = milliseconds{500};
  virtual_worker w{plan};
  w.append_keys(part(0), 2, "k", "a");
  w.append_keys(part(0), 2, "k", "b");
  w.assign({part(0)});
  REQUIRE(w.notes->count(step::began) == 4);
  w.pauses->pause("a", {});
  w.pass(milliseconds{5'000});
  CHECK(w.notes->count_tenant(step::began, "a") == 2);
  CHECK(w.notes->count_tenant(step::succeeded, "b") == 2);
  SECTION("resumed, they go on") {
    w.pauses->resume("a");
    CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  }
  SECTION("also when the retry supervisor has been replaced meanwhile") {
    w.kill("retry_supervisor");
    w.pass(milliseconds{5'000});
    CHECK(w.notes->count_tenant(step::began, "a") == 2);
    w.pauses->resume("a");
    CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  }
  SECTION("and a rebalance hands them over") {
    w.source->revoke({part(0)});
    w.settle();
    CHECK(w.committed_metadata(part(0)).failing.size() == 2);
  }
  CHECK(w.counts_of(part(0)).balanced());
}

TEST_CASE("a handler that dies while its tenant is paused starts nothing new", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 1, "first", "a");
  w.assign({part(0)});
  REQUIRE(plan.handler->held() == 1);
  w.pauses->pause("a", {});
  w.pass(milliseconds{200});
  w.append_keys(part(0), 3, "then", "a");
  w.settle();
  REQUIRE(plan.handler->held() == 1);
  w.kill("handler");
  w.pass(milliseconds{3'000});
  CHECK(w.notes->count_tenant(step::began, "a") == 1);
  w.pauses->resume("a");
  CHECK(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
}

TEST_CASE("what a pause has kept waiting is not dead-lettered for it", "[pauses]") {
  held_plan plan;
  plan.consumer.max_in_flight = 40;
  plan.tenants.share = 0.25;
  plan.tenants.overflow = overflow_kind::dead_letter;
  virtual_worker w{plan};
  w.source->batch_size = 5;
  w.assign({part(0)});
  w.pauses->pause("a", {});
  w.pass(milliseconds{200});
  w.append_keys(part(0), 40, "k", "a");
  w.pass(milliseconds{3'000});
  CHECK(w.dead_letters(part(0)).empty());
  CHECK(w.notes->count(step::began) == 0);
  const auto lag = w.whole_lag(part(0));
  CHECK(lag.parts.total() == sum(lag));
  w.pauses->resume("a");
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.dead_letters(part(0)).empty());
  CHECK(w.notes->begun(part(0)).size() == 40);
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("limits that come while a worker runs hold from then on", "[pauses]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 4, "before", "a");
  w.assign({part(0)});
  REQUIRE(plan.handler->held() == 4);
  w.limiters->change({{"a", {1.0, 2, 0.0}}});
  w.pass(milliseconds{200});
  w.append_keys(part(0), 10, "after", "a");
  w.pass(milliseconds{200});
  // What was out before does not count.
  CHECK(plan.handler->held() == 6);
  plan.handler->complete_all();
  w.pass(milliseconds{200});
  CHECK(plan.handler->held() == 2);
  w.limiters->change({});
  w.pass(milliseconds{200});
  CHECK(plan.handler->held() == 8);
  plan.handler->complete_all();
  CHECK(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.limiters->find("a")->handed_out() == 0);
}
