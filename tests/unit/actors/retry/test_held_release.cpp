// In what portions held records are attempted again when an outage is over.
#include "actors/retry/held_release.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using instant = held_release::clock::time_point;

// One portion after the other, `step` apart, until nothing is due; what fails is told by `fails`.
struct release_run {
  held_release release;
  instant now{};
  std::uint64_t successes = 0;

  release_run() { release.begin(now); }

  void portion(std::size_t records, std::size_t failed) {
    release.started(now, records, successes);
    for (std::size_t i = 0; i < records; ++i) {
      CHECK(release.due(now) == 0); // the portion is not over
      successes += i < failed ? 0 : 1;
      release.ended(now, i < failed, successes);
    }
  }
};

TEST_CASE("What succeeds is released in portions that grow, without a pause") {
  release_run r;
  for (const std::size_t expected : {10U, 20U, 40U, 80U, 100U, 100U}) {
    REQUIRE(r.release.due(r.now) == expected);
    r.portion(expected, 0);
  }
}

TEST_CASE("Portions stay small while some of them fail, and go on while others succeed") {
  release_run r;
  r.portion(10, 0);
  r.portion(20, 1);
  CHECK(r.release.due(r.now) == held_release::cautious);
  r.portion(10, 9);
  CHECK(r.release.due(r.now) == held_release::cautious);
  // All of it fails, and another record is processed beside it.
  r.release.started(r.now, 10, r.successes++);
  for (int i = 0; i < 10; ++i) {
    r.release.ended(r.now, true, r.successes);
  }
  CHECK(r.release.due(r.now) == held_release::cautious);
}

TEST_CASE("Where nothing succeeds at all there is a pause, longer each time up to a bound") {
  release_run r;
  for (const auto pause : {1'000, 2'000, 4'000, 8'000, 10'000, 10'000}) {
    r.portion(10, 10);
    r.now += milliseconds{pause - 1};
    CHECK(r.release.due(r.now) == 0);
    r.now += milliseconds{1};
    CHECK(r.release.due(r.now) == held_release::cautious);
  }
  r.portion(10, 9);
  CHECK(r.release.due(r.now) == held_release::cautious);
}

TEST_CASE("A slow record does not hold up the next portion for ever, and is not counted in it") {
  release_run r;
  r.release.started(r.now, 10, 0);
  for (int i = 0; i < 9; ++i) {
    r.release.ended(r.now, false, 1);
  }
  r.now += held_release::patience - milliseconds{1};
  CHECK(r.release.due(r.now) == 0);
  r.now += milliseconds{1};
  REQUIRE(r.release.due(r.now) == held_release::cautious);
}

TEST_CASE("A new release begins anew") {
  release_run r;
  r.portion(10, 10);
  CHECK(r.release.due(r.now) == 0);
  r.release.begin(r.now);
  CHECK(r.release.due(r.now) == held_release::cautious);
  r.release.ended(r.now, true, 0); // of the last release: says nothing
  CHECK(r.release.due(r.now) == held_release::cautious);
}

} // namespace
} // namespace streamer
