// Credit: what is in hand is bounded whatever handlers do, and all of it comes back.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

TEST_CASE("a handler that never completes bounds what is read", "[credit]") {
  held_plan plan;
  plan.consumer.max_in_flight = 100;
  plan.tenants.share = 1.0;
  virtual_worker w{plan};
  w.append_keys(part(0), 400);
  w.append_keys(part(1), 400, "x");
  w.assign({part(0), part(1)});
  w.pass(milliseconds{20'000});
  CHECK(w.source->most_in_flight == 100);
  CHECK(w.source->delivered == 100);
  CHECK(plan.handler->held() <= 100);
  CHECK(w.notes->count(step::began) <= 100);

  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0), part(1)});
  }));
  CHECK(w.source->most_in_flight <= 100);
  CHECK(w.notes->count(step::began) == 800);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("bytes are a bound of their own", "[credit]") {
  held_plan plan;
  plan.max_bytes = 20'000;
  virtual_worker w{plan};
  w.source->batch_size = 1;
  for (int i = 0; i < 100; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(i), std::string(1'700, 'x')));
  }
  w.assign({part(0)});
  w.pass(milliseconds{5'000});
  // About 2,000 bytes each with what a record costs beside its payload; one poll may overdraw.
  CHECK(w.source->delivered <= 11);
  CHECK(w.source->delivered >= 9);
  REQUIRE(w.pass_until([&] {
    plan.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.credit->held_bytes() == 0);
}

TEST_CASE("a tenant that fills its share is held, the others go on", "[credit]") {
  held_plan slow;
  slow.consumer.max_in_flight = 200;
  slow.tenants.share = 0.25;
  slow.handler->at_once = [](const record_view& r) {
    return r.tenant() == "slow" ? std::nullopt : std::optional{outcome::success()};
  };
  virtual_worker w{slow};
  w.source->batch_size = 10;
  w.append_keys(part(0), 300, "s", "slow");
  w.append_keys(part(1), 300, "f", "fast");
  w.assign({part(0), part(1)});
  w.pass(milliseconds{5'000});

  CHECK(w.notes->count_tenant(step::began, "slow") == 50);
  CHECK(w.notes->count_tenant(step::succeeded, "fast") == 300);
  CHECK(w.committed(part(1)) == 300);
  CHECK(w.source->pauses == std::vector<topic_partition>{part(0)});
  CHECK(w.source->resumes.empty());

  REQUIRE(w.pass_until([&] {
    slow.handler->complete_all();
    return w.drained({part(0)});
  }));
  CHECK(w.source->resumes.size() == w.source->pauses.size());
  CHECK(w.notes->count_tenant(step::succeeded, "slow") == 300);
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.violations.empty());
}

TEST_CASE("a held partition can be revoked and lost", "[credit]") {
  held_plan plan;
  plan.consumer.max_in_flight = 100;
  plan.tenants.share = 0.1;
  virtual_worker w{plan};
  w.append_keys(part(0), 80);
  w.assign({part(0)});
  w.pass(milliseconds{2'000});
  REQUIRE(plan.handler->held() == 10);
  SECTION("revoked") {
    w.source->revoke({part(0)});
    CHECK(plan.handler->complete_all() == 10);
    w.settle();
    CHECK(w.committed(part(0)) == 10);
  }
  SECTION("lost") {
    w.source->lose({part(0)});
    w.settle();
    CHECK(plan.handler->complete_all() == 0);
    CHECK(w.committed(part(0)) <= 0);
  }
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.counts_of(part(0)).balanced());
}

TEST_CASE("what overflows a tenant's share is dead-lettered, if so configured", "[credit]") {
  held_plan plan;
  plan.consumer.max_in_flight = 100;
  plan.tenants.share = 0.1;
  plan.tenants.overflow = overflow_kind::dead_letter;
  virtual_worker w{plan};
  w.append_keys(part(0), 30);
  w.assign({part(0)});
  w.settle();
  CHECK(plan.handler->held() == 10);
  const auto letters = w.sink->written_to("events.dlq");
  REQUIRE(letters.size() == 20);
  CHECK(letters[0].header("streamer.dlq.reason") == "overflow");
  CHECK(plan.handler->complete_all() == 10);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 30);
  CHECK(w.counts_of(part(0)).dead_lettered == 20);
  CHECK(w.credit->held_records() == 0);
}
