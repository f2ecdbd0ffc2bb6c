#include "actors/consumer/tenant_limiter.hpp"

#include "actors/consumer/hand_out_rule.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace streamer {
namespace {

using namespace std::chrono_literals;
using time_point = tenant_limiter::time_point;

TEST_CASE("A tenant without a limit gets all it asks for") {
  tenant_limiter l{{2.0, 0, 0.0}};
  CHECK(l.weight() == 2.0);
  CHECK(l.take(1'000'000, time_point{}) == 1'000'000);
  CHECK(l.handed_out() == 1'000'000);
}

TEST_CASE("What is handed out stays within max_in_flight until it is given back") {
  tenant_limiter l{{1.0, 10, 0.0}};
  CHECK(l.take(7, time_point{}) == 7);
  CHECK(l.take(7, time_point{}) == 3);
  CHECK(l.take(1, time_point{}) == 0);
  l.give_back(4);
  CHECK(l.take(7, time_point{}) == 4);
  CHECK(l.handed_out() == 10);
}

TEST_CASE("Changed limits hold at once, and what is out stays counted") {
  tenant_limiter l{{1.0, 10, 0.0}};
  REQUIRE(l.take(10, time_point{}) == 10);
  l.change({2.0, 4, 0.0});
  CHECK(l.weight() == 2.0);
  CHECK(l.take(1, time_point{}) == 0);
  l.give_back(7);
  CHECK(l.take(5, time_point{}) == 1);
  l.change({});
  CHECK(l.take(100, time_point{}) == 100);
  CHECK(l.handed_out() == 104);
}

TEST_CASE("A slow bucket does not slow down the one that replaces it") {
  const time_point now{1'000s};
  tenant_limiter l{{1.0, 0, 0.001}};
  REQUIRE(l.take(10, now) == 1);
  l.change({1.0, 0, 1'000.0});
  CHECK(l.take(100, now) == 100);
}

TEST_CASE("The limiters of a process keep their places when they change") {
  tenant_settings settings;
  settings.limits = {{"a", {1.0, 5, 0.0}}};
  tenant_limiters all{settings};
  const auto version = all.version();
  auto* const a = all.find("a");
  REQUIRE(a->take(9, time_point{}) == 5);
  all.change({{"b", {1.0, 1, 0.0}}});
  CHECK(all.version() != version);
  CHECK(all.find("a") == a);
  CHECK(a->take(9, time_point{}) == 9); // without limits now
  REQUIRE(all.find("b") != nullptr);
  CHECK(all.find("b")->take(9, time_point{}) == 1);
}

TEST_CASE("Over any time a tenant gets its rate and one burst") {
  const auto rate = GENERATE(0.5, 3.0, 40.0, 1'000.0, 123'456.0);
  CAPTURE(rate);
  tenant_limiter l{{1.0, 0, rate}};
  const auto burst = 1.0 + rate / 4;
  std::mt19937 random{7};
  auto now = time_point{} + 5s;
  const auto begin = now;
  double got = 0;
  for (int i = 0; i < 5'000; ++i) {
    got += static_cast<double>(l.take(1 + random() % 500'000, now));
    const auto seconds = std::chrono::duration<double>(now - begin).count();
    REQUIRE(got <= burst + rate * seconds + 1e-6);
    now += std::chrono::microseconds{random() % 100'000};
  }
  const auto seconds = std::chrono::duration<double>(now - begin).count();
  CHECK(got >= 0.99 * rate * (seconds - 0.2) - 1);
}

TEST_CASE("Tokens that the window refuses are not spent") {
  tenant_limiter l{{1.0, 2, 4.0}}; // a bucket of two tokens
  const auto now = time_point{} + 1s;
  CHECK(l.take(1, now) == 1);
  CHECK(l.take(5, now) == 1);
  CHECK(l.handed_out() == 2);
  CHECK(l.take(5, now + 10s) == 0); // the window is full
  l.give_back(2);
  CHECK(l.take(5, now + 10s) == 2); // and the tokens are still there
  l.give_back(2);
  CHECK(l.take(5, now + 10s) == 0); // now they are not
  CHECK(l.handed_out() == 0);
}

TEST_CASE("Threads together stay within the limits") {
  tenant_limiter l{{1.0, 100, 0.0}};
  std::atomic<std::int64_t> most{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random{t};
      for (int i = 0; i < 20'000; ++i) {
        const auto got = l.take(1 + random() % 60, time_point{});
        auto seen = most.load();
        const auto now = l.handed_out();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        l.give_back(got);
      }
    });
  }
  for (auto& t : threads) {
    t.join();
  }
  CHECK(most.load() <= 100);
  CHECK(l.handed_out() == 0);
}

TEST_CASE("Only configured tenants have a limiter") {
  tenant_settings settings;
  settings.limits["a"] = {3.0, 5, 1.0};
  const tenant_limiters limiters{settings};
  REQUIRE(limiters.find("a") != nullptr);
  CHECK(limiters.find("a")->weight() == 3.0);
  CHECK(limiters.find("a") == limiters.find("a"));
  CHECK(limiters.find("b") == nullptr);
}

hand_out_view crowded() {
  hand_out_view v;
  v.window = {1'000, 1 << 20};
  v.used = {900, 0};
  v.partitions = 5;
  v.tenants = 3;
  v.age = 1s;
  v.least = 10;
  return v;
}

TEST_CASE("Handlers get all there is unless tenants are in each other's way") {
  constexpr auto no_bound = std::numeric_limits<std::int64_t>::max();
  auto v = crowded();
  CHECK(hand_out_limit(v) == 100); // half of the window by partitions
  v.tenants = 1;
  CHECK(hand_out_limit(v) == no_bound);
  v = crowded();
  v.age = 1ms;
  CHECK(hand_out_limit(v) == no_bound);
  v = crowded();
  v.used = {500, 1 << 19};
  CHECK(hand_out_limit(v) == no_bound);
  v.used.bytes += 1;
  CHECK(hand_out_limit(v) == 100);
  v.partitions = 1'000;
  CHECK(hand_out_limit(v) == 10);
  v.partitions = 0;
  CHECK(hand_out_limit(v) == 500);
}

} // namespace
} // namespace streamer
