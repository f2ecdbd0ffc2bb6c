#include "actors/consumer/credit.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

namespace streamer {
namespace {

constexpr std::int64_t mebibyte = 1LL << 20;

struct woken_pool {
  explicit woken_pool(credit_limits limits) : pool{limits} {
    pool.on_available([this] { ++wakes; });
  }
  credit_pool pool;
  int wakes = 0;
};

TEST_CASE("Credit is what is left of the records, and none when the bytes are used up") {
  credit_pool pool{{100, mebibyte}};
  CHECK(pool.available() == 100);
  pool.take(40, 1000);
  CHECK(pool.available() == 60);
  CHECK(pool.held_records() == 40);
  CHECK(pool.held_bytes() == 1000);
  pool.take(1, mebibyte - 1001);
  CHECK(pool.available() == 59);
  pool.take(0, 1);
  CHECK(pool.available() == 0);
  pool.give(1, 1);
  CHECK(pool.available() == 60);
}

TEST_CASE("A poll that overdraws leaves no credit, not a negative one") {
  credit_pool pool{{100, mebibyte}};
  pool.take(150, 5 * mebibyte);
  CHECK(pool.available() == 0);
  pool.give(50, 5 * mebibyte);
  CHECK(pool.available() == 0);
  pool.give(1, 0);
  CHECK(pool.available() == 1);
}

TEST_CASE("Nobody is woken who has not run out of credit") {
  woken_pool p{{100, mebibyte}};
  p.pool.take(100, 100);
  p.pool.give(100, 100);
  CHECK(p.wakes == 0);
}

TEST_CASE("Who has run out is woken once, when a tenth of the window is free again") {
  woken_pool p{{100, mebibyte}};
  p.pool.take(100, 100);
  REQUIRE(p.pool.starve());
  for (int i = 0; i < 9; ++i) {
    p.pool.give(1, 1);
  }
  CHECK(p.wakes == 0);
  p.pool.give(1, 1);
  CHECK(p.wakes == 1);
  p.pool.give(50, 50);
  CHECK(p.wakes == 1);
}

TEST_CASE("Both records and bytes must be free again before anyone is woken") {
  woken_pool p{{100, mebibyte}};
  p.pool.take(100, 2 * mebibyte);
  REQUIRE(p.pool.starve());
  p.pool.give(100, mebibyte);
  CHECK(p.wakes == 0);
  p.pool.give(0, mebibyte / 2);
  CHECK(p.wakes == 1);
}

TEST_CASE("Credit that came back meanwhile keeps its taker from sleeping, and nobody is woken") {
  woken_pool p{{100, mebibyte}};
  p.pool.take(100, 100);
  p.pool.give(10, 10);
  CHECK_FALSE(p.pool.starve());
  p.pool.give(90, 90);
  CHECK(p.wakes == 0);
}

TEST_CASE("However small the window, who finds no credit may sleep and is woken by the next") {
  for (std::int64_t records = 1; records <= 30; ++records) {
    CAPTURE(records);
    woken_pool p{{records, mebibyte}};
    p.pool.take(records, records);
    REQUIRE(p.pool.available() == 0);
    CHECK(p.pool.starve());
    while (p.pool.held_records() > 0 && p.wakes == 0) {
      p.pool.give(1, 1);
    }
    CHECK(p.wakes == 1);
    CHECK(p.pool.available() > 0);
  }
}

TEST_CASE("A window of a few bytes lets its taker sleep too") {
  for (std::int64_t bytes = 1; bytes <= 30; ++bytes) {
    CAPTURE(bytes);
    woken_pool p{{100, bytes}};
    p.pool.take(1, bytes);
    REQUIRE(p.pool.available() == 0);
    CHECK(p.pool.starve());
    p.pool.give(1, bytes);
    CHECK(p.wakes == 1);
  }
}

TEST_CASE("Credit that eight threads take and give is neither lost nor made") {
  credit_pool pool{{1000, mebibyte}};
  std::vector<std::thread> threads;
  for (int t = 1; t <= 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        pool.take(t, 3 * t);
        pool.give(t, 3 * t);
      }
    });
  }
  for (auto& t : threads) {
    t.join();
  }
  CHECK(pool.held_records() == 0);
  CHECK(pool.held_bytes() == 0);
}

// A wake-up that gets lost leaves the taker asleep: the test then runs into its limit.
TEST_CASE("No wake-up is lost between one who runs out and those who give back") {
  constexpr std::int64_t total = 100'000;
  credit_pool pool{{16, mebibyte}};
  std::counting_semaphore<total> awake{0};
  pool.on_available([&] { awake.release(); });
  std::atomic<std::int64_t> in_hand{0};
  std::atomic<bool> done{false};
  const auto giver = [&] {
    while (!done || in_hand > 0) {
      auto have = in_hand.load();
      if (have > 0 && in_hand.compare_exchange_weak(have, have - 1)) {
        pool.give(1, 10);
      } else {
        std::this_thread::yield();
      }
    }
  };
  std::vector<std::thread> givers;
  givers.emplace_back(giver);
  givers.emplace_back(giver);
  std::int64_t taken = 0;
  while (taken < total) {
    const auto credit = pool.available();
    if (credit > 0) {
      pool.take(credit, 10 * credit);
      taken += credit;
      in_hand += credit;
    } else if (pool.starve()) {
      awake.acquire();
    }
  }
  done = true;
  for (auto& g : givers) {
    g.join();
  }
  CHECK(pool.held_records() == 0);
  CHECK(pool.held_bytes() == 0);
}

} // namespace
} // namespace streamer
