// The orderly stop: nothing new, drain, commit, leave; and what is said when it cannot be done.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

TEST_CASE("an idle worker commits, leaves and ends with 0", "[shutdown]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 10);
  w.append_keys(part(1), 10);
  w.assign({part(0), part(1)});
  w.request_stop();
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
  CHECK(w.end()->what.empty());
  CHECK(w.source->intake_stopped);
  CHECK(w.source->left);
  CHECK(w.drained({part(0), part(1)}));
  CHECK(w.credit->held_records() == 0);
  CHECK(w.end_and_count_survivors() == 0);
}

TEST_CASE("a worker without partitions ends with 0", "[shutdown]") {
  virtual_worker w{quick_plan{succeed}};
  w.request_stop();
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
  CHECK(w.source->left);
}

TEST_CASE("what is in work is finished within the drain budget", "[shutdown]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  w.request_stop();
  w.pass(milliseconds{6'000});
  CHECK_FALSE(w.end());
  CHECK_FALSE(w.source->left);
  CHECK(plan.handler->complete_all() == 5);
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
  CHECK(w.committed(part(0)) == 5);
  CHECK(w.violations.empty());
}

TEST_CASE("what still runs at the deadline is fenced, not committed, and told by 5", "[shutdown]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(0));
  w.settle();
  w.request_stop();
  w.pass(plan.consumer.drain_timeout - milliseconds{200});
  CHECK_FALSE(w.end());
  w.pass(milliseconds{400});
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 5);
  CHECK(w.end()->what.find("4 in running attempts") != std::string::npos);
  CHECK(w.committed(part(0)) == 1);
  CHECK(w.source->left);
  CHECK(plan.handler->complete_all() == 0);
  CHECK(w.fences().late_completions.load() == 4);
  CHECK(w.counts_of(part(0)).fenced == 4);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("dead letters that are not acknowledged by the deadline are told by 5", "[shutdown]") {
  virtual_worker w{
      quick_plan{[](const record_view&, emitter&) { return outcome::reject("never"); }}};
  w.sink->judge = [](const outbound_event&) { return refused_for_now(); };
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.request_stop();
  w.pass(milliseconds{8'000});
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 5);
  CHECK(w.end()->what.find("3 waiting for the DLQ") != std::string::npos);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.violations.empty());
}

TEST_CASE("outputs that are not acknowledged by the deadline are told by 5", "[shutdown]") {
  virtual_worker w{quick_plan{[](const record_view&, emitter& out) {
    outbound_event e;
    e.topic = "out";
    out.emit(std::move(e));
    return outcome::success();
  }}};
  const auto down = [](const outbound_event&) { return refused_for_now(); };
  SECTION("refused") { w.sink->judge = down; }
  SECTION("unanswered") { w.sink->hold = true; }
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.request_stop();
  w.pass(milliseconds{8'000});
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 5);
  CHECK(w.committed(part(0)) <= 0);
  CHECK(w.violations.empty());
}

TEST_CASE("waiting retries travel in the metadata and delay no stop", "[shutdown]") {
  quick_plan plan{[](const record_view&, emitter&) { return outcome::retry("not yet"); }};
  plan.retry.initial_backoff = milliseconds{20'000};
  virtual_worker w{plan};
  w.append_keys(part(0), 2);
  w.assign({part(0)});
  w.request_stop();
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
  CHECK(w.committed(part(0)) == 0);
  CHECK(w.committed_metadata(part(0)).failing.size() == 2);
}

TEST_CASE("partitions that come while the worker stops are given back", "[shutdown]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.append_keys(part(1), 5);
  w.assign({part(0)});
  w.request_stop();
  w.settle();
  w.source->assign({part(1)});
  w.settle();
  CHECK(w.source->releases.size() == 1);
  CHECK(w.notes->begun(part(1)).empty());
  CHECK(plan.handler->complete_all() == 1);
  w.settle();
  REQUIRE(w.end());
  CHECK(w.end()->exit_code == 0);
}

TEST_CASE("a client that cannot go on ends the worker with its code", "[shutdown]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  SECTION("the source") {
    w.fail_source({2, "the offset is out of range"});
    w.settle();
    REQUIRE(w.end());
    CHECK(w.end()->exit_code == 2);
    CHECK(w.end()->what == "the offset is out of range");
  }
  SECTION("the sink") {
    w.fail_sink("fenced by another producer");
    w.settle();
    REQUIRE(w.end());
    CHECK(w.end()->exit_code == 3);
    CHECK(w.end()->what == "fenced by another producer");
  }
  w.settle();
  CHECK(w.credit->held_records() == 0);
  CHECK(w.end_and_count_survivors() == 0);
}

TEST_CASE("a supervisor that dies while the worker stops does not keep it from ending",
          "[shutdown]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  w.request_stop();
  w.pass(milliseconds{500});
  for (const auto* kind : {"consumer_supervisor", "tenant_supervisor", "partition_consumer"}) {
    DYNAMIC_SECTION(kind) {
      w.kill(kind);
      w.pass(milliseconds{10'000});
      REQUIRE(w.end());
      CHECK(w.source->left);
      CHECK(w.committed(part(0)) <= 0);
      CHECK(w.credit->held_records() == 0);
      CHECK(w.violations.empty());
    }
  }
}
