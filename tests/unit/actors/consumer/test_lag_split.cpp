#include "actors/consumer/lag_split.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdint>
#include <optional>
#include <random>

namespace streamer {
namespace {

using std::chrono::milliseconds;

offset_id at(std::int64_t offset) { return offset_id{offset}; }

std::uint64_t length(const lag_span& span) {
  return static_cast<std::uint64_t>(span.end - span.from);
}

TEST_CASE("every offset between the commit and the end is in one part") {
  taken_in_facts facts;
  facts.committed = at(100);
  facts.first = at(100);
  facts.taken_in = at(150);
  facts.held_to = at(160);
  facts.unfinished = 20;
  facts.at_handlers = 8;
  facts.waiting_retry = 3;
  facts.waiting_dlq = 2;
  facts.waiting_alone = 1;
  const auto whole = complete(split_taken_in(facts), {90, 170, 200, false});
  CHECK(whole.span == lag_span{100, 150, 160, 170, 200});
  CHECK(whole.parts == lag_counts{.unfetched = 30,
                                  .fetched = 10,
                                  .queued = 6,
                                  .in_flight = 8,
                                  .waiting_retry = 3,
                                  .waiting_dlq = 2,
                                  .held = 11,
                                  .done_uncommitted = 30});
  CHECK(whole.parts.total() == length(whole.span));
}

TEST_CASE("an offset without a record counts as done once it lies before what was taken in") {
  taken_in_facts facts;
  facts.committed = at(0);
  facts.first = at(5'000); // the rest was compacted away
  facts.taken_in = at(5'003);
  facts.unfinished = 3;
  facts.at_handlers = 3;
  const auto whole = complete(split_taken_in(facts), {0, 5'003, 5'003, false});
  CHECK(whole.parts.in_flight == 3);
  CHECK(whole.parts.done_uncommitted == 5'000);
  CHECK(whole.parts.total() == 5'003);
}

TEST_CASE("without a commit the lag begins where reading began") {
  taken_in_facts facts;
  facts.first = at(40);
  facts.taken_in = at(50);
  facts.unfinished = 10;
  SECTION("once something was handed over") {
    const auto whole = complete(split_taken_in(facts), {40, 50, 60, false});
    CHECK(whole.span.from == 40);
    CHECK(whole.parts.queued == 10);
    CHECK(whole.parts.unfetched == 10);
  }
  SECTION("before that, at the end that the reset names") {
    CHECK(complete(split_taken_in({}), {40, -1, 60, false}).parts.unfetched == 20);
    CHECK(complete(split_taken_in({}), {40, -1, 60, true}).parts.total() == 0);
    CHECK(complete(split_taken_in({}), {40, 45, 60, true}).parts.unfetched == 15);
    const auto underway = complete(split_taken_in({}), {40, 45, 60, false});
    CHECK(underway.parts == lag_counts{.unfetched = 15, .fetched = 5});
    CHECK(underway.span.from == 40);
  }
  SECTION("and while no broker has told anything, nothing is claimed") {
    const auto whole = complete(split_taken_in({}), {});
    CHECK(whole == lag_split{});
    CHECK(whole.span.end < 0);
  }
}

TEST_CASE("a client that knows less than the partition consumer does not break the sum") {
  taken_in_facts facts;
  facts.committed = at(10);
  facts.taken_in = at(30);
  facts.held_to = at(40);
  facts.unfinished = 5;
  const auto whole = complete(split_taken_in(facts), {0, 25, 27, false});
  CHECK(whole.span == lag_span{10, 30, 40, 40, 40});
  CHECK(whole.parts.total() == 30);
  CHECK(whole.parts.unfetched == 0);
}

TEST_CASE("what was dropped while the partition drains counts as queued, not as running") {
  taken_in_facts facts;
  facts.committed = at(0);
  facts.taken_in = at(10);
  facts.unfinished = 10;
  facts.at_handlers = 2;
  const auto parts = split_taken_in(facts).parts;
  CHECK(parts.in_flight == 2);
  CHECK(parts.queued == 8);
}

TEST_CASE("the parts add up whatever the facts are") {
  std::mt19937_64 random{GENERATE(1U, 2U, 3U)};
  const auto any = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
  };
  const auto maybe = [&](std::int64_t offset) {
    return any(3) == 0 ? std::nullopt : std::optional{at(offset)};
  };
  for (int i = 0; i < 20'000; ++i) {
    taken_in_facts facts;
    const auto committed = any(100);
    facts.committed = maybe(committed);
    facts.first = facts.committed ? maybe(committed + any(20)) : at(committed);
    const auto taken_in = committed + any(100);
    facts.taken_in = maybe(taken_in);
    facts.held_to = maybe(taken_in + any(50));
    // More unfinished records than offsets there cannot be.
    facts.unfinished = facts.taken_in && (facts.committed || facts.first)
                           ? static_cast<std::uint64_t>(any(taken_in - committed))
                           : 0;
    if (facts.committed == std::nullopt && facts.first != at(committed)) {
      facts.unfinished = 0;
    }
    auto left = static_cast<std::int64_t>(facts.unfinished);
    const auto some = [&] {
      const auto part = any(left);
      left -= part;
      return static_cast<std::uint64_t>(part);
    };
    facts.waiting_retry = some();
    facts.waiting_dlq = some();
    facts.waiting_alone = some();
    facts.at_handlers = any(left + 3) - 1; // a handler's answers may be on their way
    const source_facts source{any(50) - 1, any(250) - 1, any(300) - 1, any(1) == 0};
    const auto whole = complete(split_taken_in(facts), source);
    CAPTURE(i, whole.span.from, whole.span.taken_in, whole.span.held_to, whole.span.position,
            whole.span.end);
    if (whole.span.end < 0) {
      REQUIRE(whole.parts.total() == 0);
    } else {
      REQUIRE(whole.parts.total() == length(whole.span));
    }
  }
}

TEST_CASE("ages are exact where a record is known and bounded where none is") {
  lag_times times;
  times.oldest.at(static_cast<std::size_t>(lag_state::waiting_retry)) = 1'000;
  times.oldest.at(static_cast<std::size_t>(lag_state::in_flight)) = 3'000;
  times.newest = 4'000;
  CHECK(age_of(lag_state::waiting_retry, times, 10'000) == lag_age{milliseconds{9'000}, false});
  CHECK(age_of(lag_state::in_flight, times, 10'000) == lag_age{milliseconds{7'000}, false});
  CHECK(age_of(lag_state::unfetched, times, 10'000) == lag_age{milliseconds{6'000}, true});
  CHECK(age_of(lag_state::fetched, times, 10'000) == lag_age{milliseconds{6'000}, true});
  CHECK_FALSE(age_of(lag_state::held, times, 10'000).has_value());
  SECTION("what is done is not older than what holds the frontier") {
    CHECK(age_of(lag_state::done_uncommitted, times, 10'000) == lag_age{milliseconds{9'000}, true});
  }
  SECTION("what only waits for its commit is as old as the commit is due") {
    times.uncommitted_for = milliseconds{300};
    CHECK(age_of(lag_state::done_uncommitted, times, 10'000) == lag_age{milliseconds{300}, false});
  }
  SECTION("a timestamp in the future is no negative age") {
    CHECK(age_of(lag_state::waiting_retry, times, 500) == lag_age{milliseconds{0}, false});
  }
}

} // namespace
} // namespace streamer
