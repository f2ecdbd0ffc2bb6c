// Records go from the source through the handlers to the commit.
#include "actors/inspection/inspector.hpp"
#include "tests/actor/worker_tree.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace streamer;
using namespace streamer::test;

namespace {

// Messages that a partition's consumer has handled since its start.
std::uint64_t handled_by_consumer_of(const virtual_worker& w, const topic_partition& tp) {
  const auto tree = snapshot_of(*w.board, std::chrono::steady_clock::now(), 1000);
  const auto found =
      std::ranges::find(tree.actors, "partition_consumer/" + to_string(tp), &actor_snapshot::name);
  return found == tree.actors.end() ? 0 : found->handled;
}

} // namespace

TEST_CASE("records flow through handlers to the commit", "[flow]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 120);
  w.append_keys(part(1), 30, "x", "other");
  w.assign({part(0), part(1)});

  CHECK(w.notes->count(step::succeeded) == 150);
  CHECK(w.committed(part(0)) == -1);
  w.pass(milliseconds{1'200});

  CHECK(w.committed(part(0)) == 120);
  CHECK(w.committed(part(1)) == 30);
  CHECK(w.counts_of(part(0)).processed == 120);
  CHECK(w.counts_of(part(0)).balanced());
  CHECK(w.credit->held_records() == 0);
  CHECK(w.credit->held_bytes() == 0);
  CHECK(w.violations.empty());
  CHECK(w.end_and_count_survivors() == 0);
}

TEST_CASE("only the contiguous finished prefix is committed", "[flow]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 10);
  w.assign({part(0)});
  REQUIRE(plan.handler->held() == 10);

  w.pass(milliseconds{3'000});
  CHECK(w.committed(part(0)) <= 0);

  for (const auto offset : {0, 1, 4, 5, 7}) {
    REQUIRE(plan.handler->complete(offset));
  }
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 2);
  CHECK(w.committed_metadata(part(0)).finished ==
        std::vector<offset_range>{{offset_id{4}, offset_id{5}}, {offset_id{7}, offset_id{7}}});

  SECTION("metadata is committed while the frontier stands still") {
    REQUIRE(plan.handler->complete(9));
    w.pass(milliseconds{1'200});
    CHECK(w.committed(part(0)) == 2);
    CHECK(w.committed_metadata(part(0)).finished.back() ==
          offset_range{offset_id{9}, offset_id{9}});
  }
  SECTION("the frontier jumps over what is finished") {
    REQUIRE(plan.handler->complete(2));
    REQUIRE(plan.handler->complete(3));
    w.pass(milliseconds{1'200});
    CHECK(w.committed(part(0)) == 6);
  }
  CHECK(w.violations.empty());
}

TEST_CASE("a new owner repeats nothing that the metadata calls finished", "[flow]") {
  const held_plan plan;
  virtual_worker first{plan};
  first.append_keys(part(0), 8);
  first.assign({part(0)});
  for (const auto offset : {0, 3, 4, 6}) {
    REQUIRE(plan.handler->complete(offset));
  }
  first.pass(milliseconds{1'200});

  virtual_worker second{quick_plan{succeed}};
  second.append_keys(part(0), 8);
  second.source->set_committed(part(0), first.source->committed(part(0)));

  SECTION("metadata of the same cluster is used") {
    second.assign({part(0)});
    CHECK(second.notes->begun(part(0)) == std::vector<std::int64_t>{1, 2, 5, 7});
    CHECK(second.counts_of(part(0)).already_done == 3);
    CHECK(second.counts_of(part(0)).balanced());
  }
  SECTION("metadata of another cluster is ignored and counted") {
    second.source->cluster_id = "cluster-b";
    second.assign({part(0)});
    CHECK(second.notes->begun(part(0)) == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7});
    CHECK(
        second.metrics->counter(metric::commit_metadata_ignored, {{"cause", "cluster"}}).value() ==
        1);
  }
  SECTION("metadata beside another offset is ignored and counted") {
    auto moved = first.source->committed(part(0));
    moved.offset = offset_id{2};
    second.source->set_committed(part(0), moved);
    second.assign({part(0)});
    CHECK(second.notes->begun(part(0)) == std::vector<std::int64_t>{2, 3, 4, 5, 6, 7});
    CHECK(second.metrics->counter(metric::commit_metadata_ignored, {{"cause", "base_offset"}})
              .value() == 1);
  }
  second.pass(milliseconds{1'200});
  CHECK(second.committed(part(0)) == 8);
  CHECK(second.credit->held_records() == 0);
}

TEST_CASE("gaps and trailing markers do not hold the frontier", "[flow]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 3);
  w.source->skip_offsets(part(0), 5);
  w.append_keys(part(0), 2);
  w.source->skip_offsets(part(0), 1);
  w.assign({part(0)});
  w.pass(milliseconds{1'200});

  CHECK(w.notes->begun(part(0)) == std::vector<std::int64_t>{0, 1, 2, 8, 9});
  CHECK(w.committed(part(0)) == 11);
  CHECK(w.violations.empty());
}

TEST_CASE("commits are written only when they would say something new", "[flow]") {
  virtual_worker w{quick_plan{succeed}};
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  w.pass(milliseconds{1'200});
  REQUIRE(w.source->commits.size() == 1);
  w.pass(milliseconds{10'000});
  CHECK(w.source->commits.size() == 1);

  w.append_keys(part(0), 1, "more");
  w.pass(milliseconds{1'200});
  CHECK(w.source->commits.size() == 2);
  CHECK(w.committed(part(0)) == 6);
}

TEST_CASE("a refused commit is written again", "[flow]") {
  virtual_worker w{quick_plan{succeed}};
  std::size_t asked = 0;
  w.source->judge = [&](const seen_commit&) {
    return ++asked < 4 ? commit_state::again : commit_state::committed;
  };
  w.append_keys(part(0), 5);
  w.assign({part(0)});
  w.pass(milliseconds{3'200});
  CHECK(asked == 3);
  CHECK(w.committed(part(0)) == -1);
  w.pass(milliseconds{1'000});
  CHECK(w.committed(part(0)) == 5);
}

TEST_CASE("metadata that the broker finds too large is cut, not the commit given up", "[flow]") {
  const held_plan plan;
  virtual_worker w{plan};
  constexpr std::size_t broker_limit = 100;
  w.source->judge = [](const seen_commit& c) {
    return c.metadata.size() > broker_limit ? commit_state::metadata_too_large
                                            : commit_state::committed;
  };
  w.append_keys(part(0), 400);
  w.assign({part(0)});
  REQUIRE(plan.handler->complete(0));
  for (auto offset = 3; offset < 400; offset += 2) {
    REQUIRE(plan.handler->complete(offset));
  }
  w.pass(milliseconds{1'200});

  CHECK(w.committed(part(0)) == 1);
  CHECK_FALSE(w.committed_metadata(part(0)).finished.empty());
  CHECK(w.metrics->counter(metric::commit_metadata_dropped, {{"part", "ranges"}}).value() > 0);
  CHECK(w.violations.empty());
}

TEST_CASE("one commit of a partition is on its way at a time", "[flow]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.source->hold_commits = true;
  w.append_keys(part(0), 3);
  w.assign({part(0)});
  for (const auto offset : {0, 1, 2}) {
    REQUIRE(plan.handler->complete(offset));
    w.pass(milliseconds{1'200});
  }
  w.source->hold_commits = false;
  w.settle();
  REQUIRE(w.source->commits.size() == 1);
  CHECK(w.committed(part(0)) == 1);
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 3);
}

TEST_CASE("a partition with nothing to do is woken once a second, and at once for a record",
          "[flow]") {
  const held_plan plan;
  virtual_worker w{plan};
  w.append_keys(part(0), 1);
  w.source->skip_offsets(part(1), 5);
  w.append_keys(part(1), 1);
  w.assign({part(0), part(1)});
  REQUIRE(plan.handler->complete(0));
  w.pass(milliseconds{3'000});
  REQUIRE(w.committed(part(0)) == 1);
  REQUIRE(w.committed(part(1)) == 5);

  const auto resting = handled_by_consumer_of(w, part(0));
  const auto working = handled_by_consumer_of(w, part(1));
  w.pass(milliseconds{10'000});
  CHECK(handled_by_consumer_of(w, part(0)) - resting <= 10);
  CHECK(handled_by_consumer_of(w, part(1)) - working >= 90);

  w.append_keys(part(0), 1);
  w.settle();
  REQUIRE(plan.handler->complete(1));
  w.pass(milliseconds{1'200});
  CHECK(w.committed(part(0)) == 2);
  CHECK(w.violations.empty());
}
