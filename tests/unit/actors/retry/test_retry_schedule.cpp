#include "actors/retry/retry_schedule.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace streamer {
namespace {

using std::chrono::milliseconds;

retry_policy without_jitter() {
  retry_policy policy;
  policy.jitter = 0;
  return policy;
}

std::optional<milliseconds> after(const retry_policy& policy, std::uint32_t attempts,
                                  milliseconds elapsed = milliseconds{0}) {
  std::mt19937_64 random{1};
  return next_attempt_in(policy, attempts, elapsed, random);
}

TEST_CASE("The default delays double from 100 ms up to 30 s") {
  auto policy = without_jitter();
  policy.max_attempts = 100;
  const std::vector<int> expected{100,  200,   400,   800,   1600,  3200,
                                  6400, 12800, 25600, 30000, 30000, 30000};
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(after(policy, i + 1) == milliseconds{expected[i]});
  }
}

TEST_CASE("The tenth attempt is the last by default, the first one included") {
  const auto policy = without_jitter();
  CHECK(after(policy, 9).has_value());
  CHECK_FALSE(after(policy, 10).has_value());
  CHECK_FALSE(after(policy, 11).has_value());
  CHECK_FALSE(after(policy, UINT32_MAX).has_value());
}

TEST_CASE("One attempt at most means no retry at all") {
  auto policy = without_jitter();
  policy.max_attempts = 1;
  CHECK_FALSE(after(policy, 1).has_value());
}

TEST_CASE("An attempt that could only start after the time is spent is not made") {
  auto policy = without_jitter();
  policy.max_elapsed = milliseconds{1000};
  CHECK(after(policy, 1, milliseconds{900}) == milliseconds{100});
  CHECK_FALSE(after(policy, 1, milliseconds{901}).has_value());
  CHECK_FALSE(after(policy, 1, milliseconds{1'000'000}).has_value());
}

TEST_CASE("A clock that runs backwards neither spends time nor gives some") {
  auto policy = without_jitter();
  policy.max_elapsed = milliseconds{99};
  CHECK_FALSE(after(policy, 1, milliseconds{-1'000'000}).has_value());
  policy.max_elapsed = milliseconds{100};
  CHECK(after(policy, 1, milliseconds{-1'000'000}) == milliseconds{100});
}

TEST_CASE("Jitter varies the delay by its part in both directions, and not beyond max_backoff") {
  const std::uint64_t seed = GENERATE(501U, 502U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  retry_policy policy;
  policy.max_attempts = 1000;
  policy.max_elapsed = milliseconds{INT32_MAX};
  for (std::uint32_t attempts = 1; attempts <= 20; ++attempts) {
    const auto plain = std::min(30'000.0, 100.0 * static_cast<double>(1U << (attempts - 1)));
    std::int64_t shortest = INT64_MAX;
    std::int64_t longest = 0;
    for (int i = 0; i < 500; ++i) {
      const auto delay = next_attempt_in(policy, attempts, milliseconds{0}, random)->count();
      shortest = std::min(shortest, delay);
      longest = std::max(longest, delay);
    }
    CAPTURE(attempts, plain, shortest, longest);
    CHECK(static_cast<double>(shortest) >= plain * 0.8 - 1);
    CHECK(static_cast<double>(shortest) <= plain * 0.85);
    CHECK(static_cast<double>(longest) <= std::min(30'000.0, plain * 1.2 + 1));
    CHECK(static_cast<double>(longest) >= std::min(30'000.0, plain * 1.15));
  }
}

TEST_CASE("The same seed gives the same delays") {
  std::mt19937_64 one{7};
  std::mt19937_64 two{7};
  for (std::uint32_t attempts = 1; attempts < 10; ++attempts) {
    CHECK(next_attempt_in({}, attempts, milliseconds{0}, one) ==
          next_attempt_in({}, attempts, milliseconds{0}, two));
  }
}

TEST_CASE("Any policy that the configuration accepts gives delays between 0 and max_backoff") {
  const std::uint64_t seed = GENERATE(511U, 512U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 20'000; ++round) {
    retry_policy policy;
    policy.max_attempts = 1 + static_cast<std::uint32_t>(random() % 1'000'000);
    policy.max_backoff = milliseconds{1 + static_cast<int>(random() % 86'400'000)};
    policy.initial_backoff = milliseconds{
        1 + static_cast<int>(random() % static_cast<unsigned>(policy.max_backoff.count()))};
    policy.multiplier = 1 + static_cast<double>(random() % 9901) / 100;
    policy.jitter = static_cast<double>(random() % 1000) / 1000;
    policy.max_elapsed = milliseconds{1 + static_cast<int>(random() % 604'800'000)};
    const auto attempts = 1 + static_cast<std::uint32_t>(random() % 1'000'000);
    const milliseconds elapsed{static_cast<int>(random() % 604'800'000)};
    const auto delay = next_attempt_in(policy, attempts, elapsed, random);
    CAPTURE(round, attempts, policy.max_attempts);
    if (delay) {
      REQUIRE(attempts < policy.max_attempts);
      REQUIRE(*delay >= milliseconds{0});
      REQUIRE(*delay <= policy.max_backoff);
      REQUIRE(elapsed + *delay <= policy.max_elapsed);
    }
    if (attempts < policy.max_attempts && elapsed + policy.max_backoff <= policy.max_elapsed) {
      REQUIRE(delay.has_value());
    }
  }
}

TEST_CASE("Growth beyond all numbers ends at max_backoff") {
  auto policy = without_jitter();
  policy.max_attempts = 1'000'000;
  policy.multiplier = 100;
  CHECK(after(policy, 999'999) == milliseconds{30'000});
}

TEST_CASE("A multiplier of one keeps the first delay") {
  auto policy = without_jitter();
  policy.max_attempts = 1'000'000;
  policy.multiplier = 1;
  CHECK(after(policy, 500'000) == milliseconds{100});
}

} // namespace
} // namespace streamer
