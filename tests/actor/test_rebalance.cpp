// Partitions that go: drained and committed when revoked, dropped when lost, never both.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace streamer;
using namespace streamer::test;

TEST_CASE("a revoked partition is committed with its release, and never again", "[rebalance]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 20);
  w.append_keys(part(1), 20);
  w.assign({part(0), part(1)});
  REQUIRE(w.source->commits.empty());
  w.source->revoke({part(0)});
  w.settle();

  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.source->releases[0].with_commit);
  REQUIRE(w.source->commits.size() == 1);
  CHECK(w.source->commits[0].last);
  CHECK(w.committed(part(0)) == 20);

  w.append_keys(part(0), 5, "after");
  w.append_keys(part(1), 5, "after");
  w.pass(milliseconds{3'000});
  CHECK(w.committed(part(0)) == 20);
  CHECK(w.notes->begun(part(0)).size() == 20);
  CHECK(w.committed(part(1)) == 25);
  CHECK(w.source->stale.empty());
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("what is in work is drained before a revoked partition goes", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  for (int i = 0; i < 4; ++i) {
    w.source->append(part(0), record_of(i % 2 == 0 ? "a" : "b"));
  }
  w.assign({part(0)});
  REQUIRE(plan.handler->held() == 2);
  w.source->revoke({part(0)});
  w.pass(milliseconds{1'000});
  CHECK(w.source->releases.empty());
  // What only waited for its key has its turn too, in the first half of the budget.
  CHECK(plan.handler->complete_all() == 2);
  w.settle();
  CHECK(plan.handler->complete_all() == 2);
  w.settle();
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.committed(part(0)) == 4);
  CHECK(w.violations.empty());
}

TEST_CASE("the second half of the drain budget starts nothing", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.source->append(part(0), record_of("a"));
  w.source->append(part(0), record_of("a"));
  w.assign({part(0)});
  w.source->revoke({part(0)});
  w.pass(plan.consumer.drain_timeout / 2 + milliseconds{200});
  REQUIRE(plan.handler->complete(0));
  w.settle();
  CHECK(plan.handler->held() == 0);
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0});
}

TEST_CASE("what still runs at the drain deadline is fenced and not committed", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 4);
  w.assign({part(0)});
  w.source->revoke({part(0)});
  REQUIRE(plan.handler->complete(0));
  REQUIRE(plan.handler->complete(2));
  w.pass(plan.consumer.drain_timeout + milliseconds{200});
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.committed_metadata(part(0)).finished ==
        std::vector<offset_range>{{offset_id{2}, offset_id{2}}});
  CHECK(plan.handler->complete_all() == 0);
  CHECK(w.counts_of(part(0)).fenced == 2);
  CHECK(w.counts_of(part(0)).balanced());

  // The next ownership does what is left, once.
  w.assign({part(0)});
  CHECK(plan.handler->offsets() == std::vector<std::int64_t>{1, 3});
  plan.handler->complete_all();
  w.settle();
  // A later stop in order is one, whatever that rebalance cut short.
  w.request_stop();
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
}

TEST_CASE("waiting retries do not delay a revoke", "[rebalance]") {
  quick_plan plan{[](const record_view& r, emitter&) {
    return r.offset().value() == 1 && r.attempt() == 1 ? outcome::retry("later")
                                                       : outcome::success();
  }};
  plan.retry.initial_backoff = milliseconds{30'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.source->revoke({part(0)});
  w.settle();
  REQUIRE(w.source->releases.size() == 1);
  CHECK(w.committed(part(0)) == 1);
  const auto said = w.committed_metadata(part(0));
  REQUIRE(said.failing.size() == 1);
  CHECK(said.failing[0].offset == offset_id{1});
  CHECK(said.failing[0].attempts == 1);
  CHECK(said.finished == std::vector<offset_range>{{offset_id{2}, offset_id{2}}});
  w.pass(milliseconds{40'000});
  CHECK(w.notes->count(step::began) == 3);
}

TEST_CASE("a dead letter that is being written is waited for in a revoke", "[rebalance]") {
  virtual_worker w{
      quick_plan{[](const record_view&, emitter&) { return outcome::reject("never"); }}};
  w.sink->hold = true;
  w.append_keys(part(0), 1);
  w.assign({part(0)});
  w.source->revoke({part(0)});
  w.pass(milliseconds{1'000});
  CHECK(w.source->releases.empty());
  SECTION("acknowledged in time, it is committed") {
    w.sink->hold = false;
    w.settle();
    REQUIRE(w.source->releases.size() == 1);
    CHECK(w.committed(part(0)) == 1);
  }
  SECTION("otherwise it is not") {
    w.pass(milliseconds{8'000});
    REQUIRE(w.source->releases.size() == 1);
    CHECK(w.committed(part(0)) <= 0);
  }
  CHECK(w.violations.empty());
}

TEST_CASE("nothing of a lost partition is committed", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 6);
  w.append_keys(part(1), 2, "x", "other");
  w.assign({part(0), part(1)});
  REQUIRE(plan.handler->complete(0));
  w.settle();
  w.source->lose({part(0)});
  w.settle();
  // What the handler says afterwards finds nobody.
  auto late = plan.handler->take_all();
  for (auto& d : late) {
    const bool of_lost = d.record().partition() == partition_id{0};
    CHECK(plan.handler->finish(d, outcome::success()) == !of_lost);
  }
  w.pass(milliseconds{3'000});
  CHECK(w.committed(part(0)) == -1);
  CHECK(w.source->stale.empty());
  CHECK(w.source->releases.empty());
  CHECK(w.committed(part(1)) == 2);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.counts_of(part(0)).balanced());
}

TEST_CASE("a partition lost while it drains is not committed", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(0));
  w.source->revoke({part(0)});
  w.pass(milliseconds{500});
  w.source->lose({part(0)});
  w.pass(milliseconds{10'000});
  CHECK(w.committed(part(0)) == -1);
  CHECK(w.source->stale.empty());
  CHECK(w.credit->held_records() == 0);
  CHECK(w.router->epochs().empty());
}

TEST_CASE("results of an earlier epoch do not count for the next", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  auto old = plan.handler->take_all();
  REQUIRE(old.size() == 3);
  // Lost and given back before the actors have heard of it.
  w.source->lose({part(0)});
  w.source->assign({part(0)});
  for (auto& d : old) {
    d.complete(outcome::success());
  }
  w.settle();
  w.pass(milliseconds{2'000});
  CHECK(plan.handler->held() == 3);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.counts_of(part(0)).processed == 0);
  CHECK(plan.handler->complete_all() == 3);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 3);
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("a partition consumer takes no result of another epoch", "[rebalance]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  const auto old_epoch = w.source->epoch_of(part(0));
  w.source->lose({part(0)});
  w.assign({part(0)});
  const auto epoch = w.source->epoch_of(part(0));
  REQUIRE(old_epoch);
  REQUIRE(epoch);
  attempt_results stale;
  stale.epoch = *old_epoch;
  stale.processed = {slot_id{0}, slot_id{1}};
  caf::anon_send(w.router->find(*epoch), stale);
  w.pass(milliseconds{2'000});
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.counts_of(part(0)).processed == 0);
  CHECK(w.lag_of(part(0)).in_flight == 3);
}

TEST_CASE("a partition revoked before anybody started on it is released", "[rebalance]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 3);
  w.source->assign({part(0)});
  w.source->revoke({part(0)});
  w.settle();
  CHECK(w.source->releases.size() == 1);
  CHECK(w.router->epochs().empty());
  CHECK(w.credit->held_records() == 0);
}

TEST_CASE("rebalances by chance lose nothing and keep the order", "[rebalance]") {
  const auto seed = GENERATE(range(1, 9));
  quick_plan plan{[](const record_view& r, emitter& out) {
    if (r.offset().value() % 7 == 3 && r.attempt() == 1) {
      return outcome::retry("first time");
    }
    outbound_event e;
    e.topic = "out";
    out.emit(std::move(e));
    return outcome::success();
  }};
  virtual_worker w{plan};
  std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
  w.shuffle(random());
  w.source->batch_size = 5;
  const std::vector<topic_partition> all{part(0), part(1), part(2)};
  for (int i = 0; i < 90; ++i) {
    w.source->append(part(i % 3), record_of("k" + std::to_string(random() % 6)));
  }
  w.source->assign(all);
  for (int round = 0; round < 20; ++round) {
    for (auto steps = random() % 60; steps > 0; --steps) {
      w.take_step();
    }
    const auto& tp = all[random() % all.size()];
    if (!w.source->epoch_of(tp)) {
      w.source->assign({tp});
    } else if (random() % 2 == 0) {
      w.source->revoke({tp});
    } else {
      w.source->lose({tp});
    }
    w.pass(milliseconds{static_cast<std::int64_t>(random() % 150)});
  }
  w.pass(milliseconds{10'000});
  for (const auto& tp : all) {
    if (!w.source->epoch_of(tp)) {
      w.source->assign({tp});
    }
  }
  CHECK(w.pass_until([&] { return w.drained(all); }));
  CHECK(w.violations.empty());
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  for (const auto& tp : all) {
    CHECK(w.counts_of(tp).balanced());
  }
  CHECK(w.end_and_count_survivors() == 0);
}
