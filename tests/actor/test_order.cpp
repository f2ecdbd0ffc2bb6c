// What waits for what: the order within a key, a partition, or none.
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace streamer;
using namespace streamer::test;

namespace {

using offsets = std::vector<std::int64_t>;

void append_all(virtual_worker& w, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    w.source->append(part(0), record_of(key));
  }
}

} // namespace

TEST_CASE("one record of a key is in work at a time, keys go side by side", "[order]") {
  const held_plan plan;
  virtual_worker w{plan};
  append_all(w, {"a", "b", "a", "a", "b", "c"});
  w.assign({part(0)});

  CHECK(plan.handler->offsets() == offsets{0, 1, 5});
  REQUIRE(plan.handler->complete(0));
  w.settle();
  CHECK(plan.handler->offsets() == offsets{1, 5, 2});
  REQUIRE(plan.handler->complete(2));
  w.settle();
  CHECK(plan.handler->offsets() == offsets{1, 5, 3});
}

TEST_CASE("the same key of two tenants or partitions is two keys", "[order]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.source->append(part(0), record_of("a", {}, "t1"));
  w.source->append(part(0), record_of("a", {}, "t2"));
  w.source->append(part(1), record_of("a", {}, "t1"));
  w.assign({part(0), part(1)});
  CHECK(plan.handler->held() == 3);
}

TEST_CASE("records without a key have no order unless they are given one", "[order]") {
  held_plan plan;
  std::size_t at_once = 4;
  SECTION("unordered") { plan.consumer.keyless = keyless_kind::unordered; }
  SECTION("partition") {
    plan.consumer.keyless = keyless_kind::partition;
    at_once = 1;
  }
  virtual_worker w{plan};
  for (int i = 0; i < 4; ++i) {
    w.source->append(part(0), record_of(std::nullopt));
  }
  w.assign({part(0)});
  CHECK(plan.handler->held() == at_once);
}

TEST_CASE("an empty key is a key", "[order]") {
  const held_plan plan;
  virtual_worker w{plan};
  append_all(w, {"", "", "a"});
  w.assign({part(0)});
  CHECK(plan.handler->offsets() == offsets{0, 2});
}

TEST_CASE("in partition order one record of a partition is in work, of any tenant", "[order]") {
  held_plan plan;
  plan.consumer.ordering = ordering_kind::partition;
  virtual_worker w{plan};
  for (int i = 0; i < 12; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(i), {}, i % 3 == 0 ? "t1" : "t2"));
  }
  w.append_keys(part(1), 2);
  w.assign({part(0)});
  for (std::int64_t i = 0; i < 12; ++i) {
    REQUIRE(plan.handler->offsets() == offsets{i});
    REQUIRE(plan.handler->complete(i));
    w.settle();
  }
  w.assign({part(1)});
  CHECK(plan.handler->held() == 1);
}

TEST_CASE("in partition order a failing record holds back all that follow", "[order]") {
  bool fails = true;
  quick_plan plan{[&](const record_view& r, emitter&) {
    return fails && r.offset().value() == 2 ? outcome::retry("not yet") : outcome::success();
  }};
  plan.consumer.ordering = ordering_kind::partition;
  virtual_worker w{plan};
  for (int i = 0; i < 6; ++i) {
    w.source->append(part(0), record_of("k" + std::to_string(i), {}, i < 3 ? "t1" : "t2"));
  }
  w.assign({part(0)});
  w.pass(milliseconds{250});
  CHECK(w.notes->begun(part(0)).back() == 2);
  fails = false;
  w.pass(milliseconds{1'000});
  CHECK(w.notes->begun(part(0)) == offsets{0, 1, 2, 2, 2, 3, 4, 5});
}

TEST_CASE("unordered records of one key go side by side", "[order]") {
  held_plan plan;
  plan.consumer.ordering = ordering_kind::unordered;
  virtual_worker w{plan};
  append_all(w, {"a", "a", "a"});
  w.assign({part(0)});
  CHECK(plan.handler->held() == 3);
}

TEST_CASE("a failing record holds back its own key only", "[order]") {
  int failures = 2;
  virtual_worker w{quick_plan{[&](const record_view& r, emitter&) {
    return r.offset().value() == 0 && failures-- > 0 ? outcome::retry("not yet")
                                                     : outcome::success();
  }}};
  append_all(w, {"a", "b", "a", "c", "a"});
  w.assign({part(0)});
  CHECK(w.notes->begun(part(0)) == offsets{0, 1, 3});
  w.pass(milliseconds{150});
  CHECK(w.notes->begun(part(0)) == offsets{0, 1, 3, 0});
  w.pass(milliseconds{250});
  CHECK(w.notes->begun(part(0)) == offsets{0, 1, 3, 0, 0, 2, 4});
}

TEST_CASE("a key goes on once its failing record is dead-lettered", "[order]") {
  virtual_worker w{quick_plan{[](const record_view& r, emitter&) {
    return r.offset().value() == 0 ? outcome::reject("never") : outcome::success();
  }}};
  w.sink->hold = true;
  append_all(w, {"a", "a", "b"});
  w.assign({part(0)});
  CHECK(w.notes->begun(part(0)) == offsets{0, 2});
  w.sink->hold = false;
  w.settle();
  CHECK(w.notes->begun(part(0)) == offsets{0, 2, 1});
}

TEST_CASE("a handler gets no more records at a time than consumer.batch_size", "[order]") {
  held_plan plan;
  plan.consumer.batch_size = 7;
  virtual_worker w{plan};
  w.append_keys(part(0), 40);
  w.assign({part(0)});
  CHECK(plan.handler->held() == 40);
  CHECK(plan.handler->biggest_batch() == 7);
}
