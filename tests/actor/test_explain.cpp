// Why a partition lags: every offset in one place, and the record that holds the frontier.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <random>

using namespace streamer;
using namespace streamer::test;

namespace {

std::uint64_t length(const lag_span& span) {
  return static_cast<std::uint64_t>(span.end - span.from);
}

/// What was published last, completed by what the source knows.
std::optional<lag_split> published(worker_tree& w, const topic_partition& tp) {
  for (const auto& account : w.accounts->snapshot()) {
    if (account.topic == tp.topic && account.partition == tp.partition.value() && account.state) {
      return complete({account.state->lag, account.state->span}, w.source->facts_of(tp));
    }
  }
  return std::nullopt;
}

frontier_record frontier_of(virtual_worker& w, const topic_partition& tp) {
  const auto said = w.explain(tp);
  REQUIRE(said);
  REQUIRE(said->frontier);
  return *said->frontier;
}

} // namespace

TEST_CASE("the record that waits for its retry holds the frontier, and says so", "[explain]") {
  held_plan plan;
  plan.retry.initial_backoff = plan.retry.max_backoff = milliseconds{500};
  virtual_worker w{plan};
  w.append_keys(part(0), 6, "k", "acme");
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(0));
  REQUIRE(plan.handler->complete(1, outcome::retry("not yet")));
  REQUIRE(plan.handler->complete(3));
  REQUIRE(plan.handler->complete(4));
  w.settle();

  const auto lag = w.whole_lag(part(0));
  CHECK(lag.parts == lag_counts{.in_flight = 2, .waiting_retry = 1, .done_uncommitted = 3});
  CHECK(length(lag.span) == 6);
  const auto r = frontier_of(w, part(0));
  CHECK(r.offset == offset_id{1});
  CHECK(r.tenant == "acme");
  CHECK(r.key_mark == "mark of k1");
  CHECK(r.where == lag_state::waiting_retry);
  CHECK(r.actor == "retry_supervisor");
  CHECK(r.attempt == 1);
  CHECK(r.cause == failure_class::handler);
  REQUIRE(r.next_retry);
  CHECK(*r.next_retry > milliseconds{400});
  CHECK(*r.next_retry <= milliseconds{500});

  w.pass(milliseconds{200});
  CHECK(frontier_of(w, part(0)).next_retry <= milliseconds{300});
  w.pass(milliseconds{400});
  const auto again = frontier_of(w, part(0));
  CHECK(again.where == lag_state::in_flight);
  CHECK(again.actor == "handler/acme");
  CHECK(again.attempt == 2);
  CHECK(again.running);
  CHECK_FALSE(again.next_retry);
}

TEST_CASE("what waits for others is told apart", "[explain]") {
  SECTION("the dead letter topic") {
    held_plan plan;
    virtual_worker w{plan};
    w.append_keys(part(0), 2);
    w.assign({part(0)});
    w.sink->hold = true;
    REQUIRE(plan.handler->complete(0, outcome::reject("never")));
    REQUIRE(plan.handler->complete(1));
    w.settle();
    CHECK(w.whole_lag(part(0)).parts == lag_counts{.waiting_dlq = 1, .done_uncommitted = 1});
    CHECK(frontier_of(w, part(0)).actor == "dlq_supervisor");
  }
  SECTION("the tenant's turn, in either order") {
    held_plan plan;
    plan.tenants.limits["few"] = {1.0, 2, 0};
    plan.consumer.ordering = GENERATE(ordering_kind::key, ordering_kind::partition);
    virtual_worker w{plan};
    w.append_keys(part(0), 5, "k", "few");
    w.assign({part(0)});
    const auto parts = w.whole_lag(part(0)).parts;
    CHECK(parts.in_flight == 2);
    CHECK(parts.queued == 3);
    CHECK(frontier_of(w, part(0)).where == lag_state::in_flight);
  }
  SECTION("a tenant that filled its share, unread behind it") {
    held_plan plan;
    plan.consumer.max_in_flight = 20;
    plan.tenants.share = 0.5;
    virtual_worker w{plan};
    w.append_keys(part(0), 30, "k", "full");
    w.assign({part(0)});
    const auto said = w.explain(part(0));
    REQUIRE(said);
    CHECK(said->held_for == "full");
    const auto lag = w.whole_lag(part(0));
    CHECK(lag.parts == lag_counts{.unfetched = 10, .in_flight = 10, .held = 10});
    CHECK(length(lag.span) == 30);
  }
  SECTION("a suspect's run alone") {
    held_plan plan;
    virtual_worker w{plan};
    w.append_keys(part(0), 3);
    w.suspect(part(0), 0);
    w.assign({part(0)});
    CHECK(w.whole_lag(part(0)).parts == lag_counts{.in_flight = 2, .held = 1});
    CHECK(frontier_of(w, part(0)).actor == "quarantine");
  }
}

TEST_CASE("gaps and trailing markers have a place of their own", "[explain]") {
  held_plan plan;
  virtual_worker w{plan};
  w.source->set_committed(part(0), {offset_id{10}, -1, ""});
  w.source->skip_offsets(part(0), 40); // compacted away, before and behind the commit
  w.append_keys(part(0), 3);
  w.source->skip_offsets(part(0), 5);
  w.append_keys(part(0), 2, "other");
  w.source->skip_offsets(part(0), 1);
  w.assign({part(0)});
  auto lag = w.whole_lag(part(0));
  CHECK(lag.span.from == 10);
  CHECK(lag.span.end == 51);
  CHECK(lag.parts == lag_counts{.in_flight = 5, .done_uncommitted = 36});
  plan.handler->complete_all();
  w.settle();
  CHECK(w.whole_lag(part(0)).parts == lag_counts{.done_uncommitted = 41});
  w.pass(milliseconds{1'200});
  lag = w.whole_lag(part(0));
  CHECK(lag.parts.total() == 0);
  CHECK(lag.span.from == 51);
}

TEST_CASE("a partition that is given up answers to its end", "[explain]") {
  held_plan plan;
  plan.tenants.limits["few"] = {1.0, 3, 0};
  virtual_worker w{plan};
  w.append_keys(part(0), 8, "k", "few");
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(1));
  w.source->revoke({part(0)});
  w.settle();
  const auto said = w.explain(part(0));
  REQUIRE(said);
  CHECK(said->draining);
  const auto lag = w.whole_lag(part(0));
  CHECK(lag.parts.total() == 8);
  CHECK(lag.parts.done_uncommitted == 1);
  CHECK(lag.parts.in_flight + lag.parts.queued == 7);
  w.pass(plan.consumer.drain_timeout + milliseconds{700});
  CHECK_FALSE(w.explain(part(0)));
}

TEST_CASE("the parts add up after every step of every actor", "[explain]") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  quick_plan plan{[](const record_view& r, emitter& out) {
    const auto n = r.ref().get().offset.value();
    if (n % 11 == 3 && r.attempt() < 3) {
      return outcome::retry("not yet");
    }
    if (n % 13 == 5) {
      return outcome::reject("never");
    }
    out.emit({});
    return outcome::success();
  }};
  plan.consumer.max_in_flight = 60;
  plan.tenants.share = 0.5;
  plan.tenants.limits["t1"] = {1.0, 4, 0};
  plan.consumer.ordering = seed % 2 == 0 ? ordering_kind::key : ordering_kind::partition;
  virtual_worker w{plan};
  std::mt19937_64 random{seed};
  const auto put = [&] {
    for (int i = 0; i < 30; ++i) {
      const auto tp = part(static_cast<std::int32_t>(random() % 2));
      w.append_keys(tp, 1, "k" + std::to_string(random() % 5) + "-",
                    "t" + std::to_string(random() % 3));
      if (random() % 4 == 0) {
        w.source->skip_offsets(tp, static_cast<std::int64_t>(random() % 4));
      }
    }
  };
  put();
  w.shuffle(seed);
  w.source->assign({part(0), part(1)});
  std::size_t looked = 0;
  const auto look = [&] {
    for (const auto& tp : {part(0), part(1)}) {
      const auto lag = published(w, tp);
      if (lag && lag->span.end >= 0) {
        ++looked;
        REQUIRE(lag->parts.total() == length(lag->span));
        REQUIRE(lag->span.end == w.source->end_of(tp).value());
        // The answer to a commit may be on its way.
        REQUIRE(lag->span.from <= std::max<std::int64_t>(0, w.committed(tp)));
      }
    }
  };
  for (int round = 0; round < 8; ++round) {
    while (w.take_step()) {
      look();
    }
    put();
    w.pass(milliseconds{150});
    look();
  }
  CHECK(looked > 100);
  CHECK(w.pass_until([&] { return w.drained({part(0), part(1)}); }));
  for (const auto& tp : {part(0), part(1)}) {
    CHECK(w.whole_lag(tp).parts.total() == 0);
  }
  CHECK(w.violations.empty());
}
