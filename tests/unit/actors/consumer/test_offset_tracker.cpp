#include "actors/consumer/offset_tracker.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace streamer {
namespace {

using receipt = offset_tracker::receipt;

commit_point point(std::int64_t offset, std::int32_t epoch = 1) {
  return {offset_id{offset}, epoch};
}

offset_range range(std::int64_t first, std::int64_t last) {
  return {offset_id{first}, offset_id{last}};
}

slot_id take(offset_tracker& tracker, std::int64_t offset, std::int32_t epoch = 1) {
  REQUIRE(tracker.receive(offset_id{offset}, epoch) == receipt::fresh);
  return tracker.last_slot();
}

TEST_CASE("Without a commit and without a record there is nothing to commit") {
  const offset_tracker tracker;
  CHECK_FALSE(tracker.frontier().has_value());
  CHECK_FALSE(tracker.oldest_unfinished().has_value());
  CHECK(tracker.unfinished() == 0);
  CHECK(tracker.finished_beyond(10).empty());
}

TEST_CASE("The frontier is the lowest unfinished offset, never the highest finished one") {
  offset_tracker tracker;
  const auto a = take(tracker, 10);
  const auto b = take(tracker, 11);
  const auto c = take(tracker, 12);
  CHECK(tracker.finish(c));
  CHECK(tracker.frontier()->offset == offset_id{10});
  CHECK(tracker.finish(b));
  CHECK(tracker.frontier()->offset == offset_id{10});
  CHECK(tracker.oldest_unfinished() == a);
  CHECK(tracker.finished_beyond(10) == std::vector{range(11, 12)});
  CHECK(tracker.finish(a));
  CHECK(tracker.frontier() == point(13));
  CHECK_FALSE(tracker.oldest_unfinished().has_value());
  CHECK(tracker.finished_beyond(10).empty());
}

TEST_CASE("An offset is finished once") {
  offset_tracker tracker;
  const auto a = take(tracker, 0);
  const auto b = take(tracker, 1);
  CHECK(tracker.finish(b));
  CHECK_FALSE(tracker.finish(b));
  CHECK(tracker.unfinished() == 1);
  CHECK(tracker.finish(a));
  CHECK_FALSE(tracker.finish(a));
  CHECK_FALSE(tracker.finish(b));
  CHECK(tracker.finished() == 2);
  CHECK(tracker.unfinished() == 0);
}

TEST_CASE("A slot that was never given out is not finished") {
  offset_tracker tracker;
  CHECK_FALSE(tracker.finish(slot_id{0}));
  const auto a = take(tracker, 5);
  CHECK_FALSE(tracker.finish(a.next()));
  CHECK_FALSE(tracker.finish(slot_id{UINT64_MAX}));
  CHECK_FALSE(tracker.is_finished(a.next()));
  CHECK(tracker.unfinished() == 1);
}

TEST_CASE("Gaps between offsets hold nothing back") {
  offset_tracker tracker{point(100)};
  const auto a = take(tracker, 105);
  const auto b = take(tracker, 200);
  CHECK(tracker.frontier() == point(100));
  CHECK(tracker.finish(b));
  CHECK(tracker.finish(a));
  CHECK(tracker.frontier() == point(201));
}

TEST_CASE("A record is processed once however often it is received") {
  offset_tracker tracker{point(100)};
  CHECK(tracker.receive(offset_id{99}, 1) == receipt::stale);
  take(tracker, 100);
  CHECK(tracker.receive(offset_id{100}, 1) == receipt::stale);
  take(tracker, 105);
  CHECK(tracker.receive(offset_id{103}, 1) == receipt::stale);
  CHECK(tracker.unfinished() == 2);
  CHECK(tracker.next_slot() == slot_id{2});
}

TEST_CASE("The commit carries the leader epoch under which the last record behind it was read") {
  offset_tracker tracker{point(10, 3)};
  CHECK(tracker.frontier() == point(10, 3));
  const auto a = take(tracker, 10, 4);
  const auto b = take(tracker, 11, 5);
  const auto c = take(tracker, 12, 6);
  CHECK(tracker.frontier() == point(10, 3));
  tracker.finish(a);
  CHECK(tracker.frontier() == point(11, 4));
  tracker.finish(c);
  CHECK(tracker.frontier() == point(11, 4));
  tracker.finish(b);
  CHECK(tracker.frontier() == point(13, 6));
}

TEST_CASE("Past a partition's last record the frontier goes to its end, so that lag reaches 0") {
  offset_tracker tracker{point(10)};
  const auto a = take(tracker, 10);
  tracker.reach_end(offset_id{15});
  CHECK(tracker.frontier() == point(10));
  tracker.finish(a);
  CHECK(tracker.frontier() == point(15));
  tracker.reach_end(offset_id{12});
  CHECK(tracker.frontier() == point(15));
  CHECK(tracker.receive(offset_id{14}, 1) == receipt::stale);
  take(tracker, 15);
}

TEST_CASE("An end that was reached counts also when more records have come since") {
  offset_tracker tracker{point(10)};
  const auto a = take(tracker, 10);
  tracker.reach_end(offset_id{15});
  const auto b = take(tracker, 17);
  tracker.finish(a);
  CHECK(tracker.frontier() == point(15));
  tracker.finish(b);
  CHECK(tracker.frontier() == point(18));
}

TEST_CASE("The end of a partition that has no commit and no records can be committed") {
  offset_tracker tracker;
  tracker.reach_end(offset_id{0});
  CHECK(tracker.frontier() == point(0, -1));
  take(tracker, 0);
}

TEST_CASE("What an earlier owner finished is not processed again") {
  offset_tracker tracker{point(10), {range(12, 14), range(20, 20)}};
  const auto a = take(tracker, 10);
  const auto b = take(tracker, 11);
  for (const std::int64_t done : {12, 13, 14}) {
    CHECK(tracker.receive(offset_id{done}, 1) == receipt::already_done);
    CHECK(tracker.is_finished(tracker.last_slot()));
    CHECK_FALSE(tracker.finish(tracker.last_slot()));
  }
  take(tracker, 15);
  CHECK(tracker.unfinished() == 3);
  CHECK(tracker.finished_beyond(10) == std::vector{range(12, 14), range(20, 20)});
  tracker.finish(b);
  CHECK(tracker.finished_beyond(10) == std::vector{range(11, 14), range(20, 20)});
  tracker.finish(a);
  CHECK(tracker.frontier() == point(15));
  CHECK(tracker.finished_beyond(10) == std::vector{range(20, 20)});
}

TEST_CASE("What an earlier owner finished is still told before it has been received again") {
  offset_tracker tracker{point(10), {range(12, 20)}};
  CHECK(tracker.finished_beyond(10) == std::vector{range(12, 20)});
  take(tracker, 10);
  CHECK(tracker.receive(offset_id{13}, 1) == receipt::already_done);
  // Its records up to 13 are known, the others not yet: together they still say 13 to 20.
  CHECK(tracker.finished_beyond(10) == std::vector{range(13, 13), range(14, 20)});
}

TEST_CASE("Ranges may come in any order, overlap or lie behind the commit") {
  offset_tracker tracker{point(10), {range(30, 31), range(11, 20), range(0, 5), range(15, 17)}};
  take(tracker, 10);
  std::vector<std::int64_t> fresh;
  for (std::int64_t offset = 11; offset < 35; ++offset) {
    if (tracker.receive(offset_id{offset}, 1) == receipt::fresh) {
      fresh.push_back(offset);
    }
  }
  CHECK(fresh == std::vector<std::int64_t>{21, 22, 23, 24, 25, 26, 27, 28, 29, 32, 33, 34});
}

TEST_CASE("When all that was received is done already the frontier moves on at once") {
  offset_tracker tracker{point(10), {range(10, 12)}};
  CHECK(tracker.receive(offset_id{10}, 2) == receipt::already_done);
  CHECK(tracker.receive(offset_id{12}, 2) == receipt::already_done);
  CHECK(tracker.frontier() == point(13, 2));
  CHECK(tracker.behind_frontier() == 2);
}

TEST_CASE("At most so many ranges are told as are asked for, the nearest ones") {
  offset_tracker tracker{point(0), {range(100, 110), range(120, 130)}};
  take(tracker, 0);
  for (std::int64_t offset = 1; offset < 10; ++offset) {
    const auto slot = take(tracker, offset);
    if (offset % 2 == 0) {
      tracker.finish(slot);
    }
  }
  CHECK(tracker.finished_beyond(0).empty());
  CHECK(tracker.finished_beyond(2) == std::vector{range(2, 2), range(4, 4)});
  CHECK(tracker.finished_beyond(5) ==
        std::vector{range(2, 2), range(4, 4), range(6, 6), range(8, 8), range(100, 110)});
  CHECK(tracker.finished_beyond(100).size() == 6);
}

TEST_CASE("A slot's offset is known until it falls behind the frontier") {
  offset_tracker tracker;
  const auto a = take(tracker, 7);
  const auto b = take(tracker, 9);
  CHECK(tracker.offset_of(a) == offset_id{7});
  CHECK(tracker.offset_of(b) == offset_id{9});
  CHECK_FALSE(tracker.offset_of(b.next()).has_value());
  tracker.finish(a);
  CHECK_FALSE(tracker.offset_of(a).has_value());
  CHECK(tracker.is_finished(a));
  CHECK(tracker.offset_of(b) == offset_id{9});
}

TEST_CASE("One stuck record holds the frontier behind 100,000 finished ones, which are told") {
  offset_tracker tracker{point(0)};
  const auto stuck = take(tracker, 0);
  std::vector<slot_id> others;
  for (std::int64_t offset = 1; offset <= 100'000; ++offset) {
    others.push_back(take(tracker, offset));
  }
  std::shuffle(others.begin(), others.end(), std::mt19937_64{5});
  for (const auto slot : others) {
    REQUIRE(tracker.finish(slot));
  }
  CHECK(tracker.frontier() == point(0));
  CHECK(tracker.unfinished() == 1);
  CHECK(tracker.finished_beyond(10) == std::vector{range(1, 100'000)});
  tracker.finish(stuck);
  CHECK(tracker.frontier() == point(100'001));
  CHECK(tracker.behind_frontier() == 100'001);
}

} // namespace
} // namespace streamer
