// handlers.conflate: of the waiting records of a key the newest is processed.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

namespace {

using offsets = std::vector<std::int64_t>;

void append_keys(virtual_worker& w, const std::vector<std::string>& keys,
                 const std::string& handler = {}) {
  for (const auto& key : keys) {
    w.source->append(part(0), record_of(key, {}, "t", handler));
  }
}

held_plan conflating() {
  held_plan plan;
  plan.handlers.front().conflates = true;
  return plan;
}

} // namespace

TEST_CASE("of what waits the newest of a key is processed; the others are skipped and finish",
          "[conflation]") {
  const auto plan = conflating();
  virtual_worker w{plan};
  append_keys(w, {"a", "b", "a", "a", "c", "b"});
  w.assign({part(0)});
  // All of it came together, so all of it was queued.
  CHECK(plan.handler->offsets() == offsets{3, 5, 4});
  CHECK(w.counts_of(part(0)).skipped == 3);

  append_keys(w, {"a", "a", "a", "b"});
  w.settle();
  CHECK(plan.handler->offsets() == offsets{3, 5, 4});
  REQUIRE(plan.handler->complete(3));
  w.settle();
  CHECK(plan.handler->offsets() == offsets{5, 4, 8});
  CHECK(w.counts_of(part(0)).skipped == 5);
  plan.handler->complete_all();
  w.settle();
  CHECK(plan.handler->offsets() == offsets{9});
  plan.handler->complete_all();
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.counts_of(part(0)).processed == 5);
  CHECK(w.counts_of(part(0)).skipped == 5);
  CHECK(w.metrics->counter(metric::conflated).value() == 5);
}

TEST_CASE("a quick handler gets the newest of a slice too", "[conflation]") {
  quick_plan plan{succeed};
  plan.handlers.front().conflates = true;
  virtual_worker w{plan};
  append_keys(w, {"a", "a", "b", "a"});
  w.assign({part(0)});
  CHECK(plan.notes->begun(part(0)) == offsets{3, 2});
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.counts_of(part(0)).skipped == 2);
}

TEST_CASE("a failing record keeps its turn: nothing newer overtakes it, and it is not skipped",
          "[conflation]") {
  const auto plan = conflating();
  virtual_worker w{plan};
  append_keys(w, {"a"});
  w.assign({part(0)});
  append_keys(w, {"a", "a"});
  w.settle();
  REQUIRE(plan.handler->complete(0, outcome::retry("not yet")));
  REQUIRE(w.pass_until([&] { return plan.handler->held() == 1; }));
  CHECK(plan.handler->offsets() == offsets{0});
  REQUIRE(plan.handler->complete(0));
  w.settle();
  CHECK(plan.handler->offsets() == offsets{2});
  plan.handler->complete_all();
  REQUIRE(w.pass_until([&] { return w.drained({part(0)}); }));
  CHECK(w.counts_of(part(0)).processed == 2);
  CHECK(w.counts_of(part(0)).skipped == 1);
}

TEST_CASE("what a dead letter held back is conflated once it is written", "[conflation]") {
  const auto plan = conflating();
  virtual_worker w{plan};
  append_keys(w, {"a"});
  w.assign({part(0)});
  append_keys(w, {"a", "a", "a"});
  w.settle();
  REQUIRE(plan.handler->complete(0, outcome::reject("never")));
  REQUIRE(w.pass_until([&] { return plan.handler->held() == 1; }));
  CHECK(plan.handler->offsets() == offsets{3});
  CHECK(w.dead_letters(part(0)) == offsets{0});
}

TEST_CASE("records that another handler takes are neither skipped nor passed over",
          "[conflation]") {
  auto plan = conflating();
  plan.handlers.front().selects = "newest";
  plan.handlers.push_back({plan.handler, "each"});
  virtual_worker w{plan};
  append_keys(w, {"a", "a"}, "newest");
  append_keys(w, {"a", "a"}, "each");
  append_keys(w, {"a", "a"}, "newest");
  w.assign({part(0)});
  for (const auto next : offsets{1, 2, 3, 5}) {
    REQUIRE(plan.handler->offsets() == offsets{next});
    REQUIRE(plan.handler->complete(next));
    w.settle();
  }
  CHECK(w.counts_of(part(0)).processed == 4);
  CHECK(w.counts_of(part(0)).skipped == 2);
}

TEST_CASE("records without a key are all processed", "[conflation]") {
  const auto plan = conflating();
  virtual_worker w{plan};
  for (int i = 0; i < 3; ++i) {
    w.source->append(part(0), record_of(std::nullopt));
  }
  w.assign({part(0)});
  CHECK(plan.handler->held() == 3);
}
