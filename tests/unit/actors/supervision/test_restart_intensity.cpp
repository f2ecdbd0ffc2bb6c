#include "actors/supervision/restart_intensity.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using instant = restart_intensity::clock::time_point;

instant at_millisecond(std::int64_t ms) { return instant{} + milliseconds{ms}; }

TEST_CASE("A supervisor restarts a child so often within its window and then escalates") {
  restart_intensity intensity{{3, milliseconds{1000}}};
  CHECK(intensity.left(at_millisecond(0)) == 3);
  CHECK(intensity.allow(at_millisecond(0)));
  CHECK(intensity.allow(at_millisecond(100)));
  CHECK(intensity.allow(at_millisecond(200)));
  CHECK(intensity.left(at_millisecond(200)) == 0);
  CHECK_FALSE(intensity.allow(at_millisecond(300)));
  CHECK_FALSE(intensity.allow(at_millisecond(999)));
  CHECK(intensity.total() == 3);
}

TEST_CASE("A restart falls out of the window when the window has passed, and is granted again") {
  restart_intensity intensity{{2, milliseconds{1000}}};
  REQUIRE(intensity.allow(at_millisecond(0)));
  REQUIRE(intensity.allow(at_millisecond(500)));
  CHECK_FALSE(intensity.allow(at_millisecond(999)));
  CHECK(intensity.left(at_millisecond(1000)) == 1);
  CHECK(intensity.allow(at_millisecond(1000)));
  CHECK_FALSE(intensity.allow(at_millisecond(1499)));
  CHECK(intensity.allow(at_millisecond(1500)));
  CHECK(intensity.left(at_millisecond(100'000)) == 2);
  CHECK(intensity.total() == 4);
}

TEST_CASE("A failure that was not granted uses nothing up") {
  restart_intensity intensity{{1, milliseconds{1000}}};
  REQUIRE(intensity.allow(at_millisecond(0)));
  for (std::int64_t ms = 1; ms < 1000; ++ms) {
    REQUIRE_FALSE(intensity.allow(at_millisecond(ms)));
  }
  CHECK(intensity.allow(at_millisecond(1000)));
}

TEST_CASE("No restarts at all means that the first failure escalates") {
  restart_intensity intensity{{0, milliseconds{1000}}};
  CHECK(intensity.left(at_millisecond(0)) == 0);
  CHECK_FALSE(intensity.allow(at_millisecond(0)));
  CHECK_FALSE(intensity.allow(at_millisecond(1'000'000)));
}

TEST_CASE("Never more restarts than the limit lie within any window, and none is refused early") {
  const std::uint64_t seed = GENERATE(601U, 602U, 603U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  const restart_limits limits{static_cast<std::uint32_t>(1 + random() % 6), milliseconds{500}};
  restart_intensity intensity{limits};
  std::vector<std::int64_t> granted;
  std::int64_t now = 0;
  for (int step = 0; step < 5000; ++step) {
    now += static_cast<std::int64_t>(random() % 200);
    const auto recent = std::count_if(granted.begin(), granted.end(),
                                      [&](std::int64_t g) { return now - g < 500; });
    CAPTURE(step, now, recent);
    REQUIRE(intensity.left(at_millisecond(now)) ==
            limits.max_restarts - static_cast<unsigned>(recent));
    const bool allowed = intensity.allow(at_millisecond(now));
    REQUIRE(allowed == (recent < limits.max_restarts));
    if (allowed) {
      granted.push_back(now);
    }
    REQUIRE(intensity.total() == granted.size());
  }
}

} // namespace
} // namespace streamer
