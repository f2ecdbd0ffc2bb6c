#include "actors/consumer/fair_queue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace streamer {
namespace {

using queue = fair_queue<int>;

std::size_t all(queue::flow /*f*/, std::size_t n) { return n; }

// Takes `total` and says what each flow got.
std::map<queue::flow, std::size_t> serve(queue& q, std::size_t total) {
  std::map<queue::flow, std::size_t> got;
  while (total > 0) {
    const auto next = q.take(total, all);
    if (!next) {
      break;
    }
    got[next->of] += next->count;
    total -= next->count;
  }
  return got;
}

TEST_CASE("A flow keeps its order and gives out every part of every entry once") {
  queue q{10};
  q.push(0, 1.0, 7, 25);
  q.push(0, 1.0, 8, 5);
  std::vector<std::pair<int, std::size_t>> seen;
  while (const auto part = q.take(100, all)) {
    for (std::size_t i = 0; i < part->count; ++i) {
      seen.emplace_back(part->item, part->from + i);
    }
  }
  std::vector<std::pair<int, std::size_t>> expected;
  for (std::size_t i = 0; i < 25; ++i) {
    expected.emplace_back(7, i);
  }
  for (std::size_t i = 0; i < 5; ++i) {
    expected.emplace_back(8, i);
  }
  CHECK(seen == expected);
  CHECK(q.empty());
}

TEST_CASE("What flows with a backlog get follows their weights") {
  queue q{10};
  q.push(0, 1.0, 0, 10'000);
  q.push(1, 3.0, 0, 10'000);
  q.push(2, 0.5, 0, 10'000);
  const auto got = serve(q, 4'500);
  CHECK(std::abs(static_cast<double>(got.at(0)) - 1'000.0) <= 30);
  CHECK(std::abs(static_cast<double>(got.at(1)) - 3'000.0) <= 30);
  CHECK(std::abs(static_cast<double>(got.at(2)) - 500.0) <= 30);
}

TEST_CASE("A flood is not in the way of a flow that comes later") {
  queue q{10};
  q.push(0, 1.0, 0, 1'000'000);
  serve(q, 5'000);
  q.push(1, 1.0, 0, 100);
  // It is ahead of the flood by nothing, and behind by at most one quantum a turn.
  CHECK(serve(q, 220).at(1) == 100);
}

TEST_CASE("A flow that was idle has saved nothing up") {
  queue q{10};
  q.push(0, 1.0, 0, 10'000);
  q.push(1, 1.0, 0, 10);
  serve(q, 5'000);
  q.push(1, 1.0, 0, 10'000);
  const auto got = serve(q, 200);
  CHECK(got.at(0) >= 90);
  CHECK(got.at(1) >= 90);
}

TEST_CASE("A flow at its limit waits aside and the others go on") {
  queue q{10};
  q.push(0, 1.0, 0, 100);
  q.push(1, 1.0, 0, 100);
  std::size_t allowance = 15;
  const auto limited = [&](queue::flow f, std::size_t n) {
    if (f == 1) {
      return n;
    }
    const auto granted = std::min(n, allowance);
    allowance -= granted;
    return granted;
  };
  std::size_t first = 0;
  std::size_t second = 0;
  while (const auto part = q.take(100, limited)) {
    (part->of == 0 ? first : second) += part->count;
  }
  CHECK(first == 15);
  CHECK(second == 100);
  CHECK(q.backlog_of(0) == 85);
  allowance = 1'000;
  CHECK_FALSE(q.take(100, limited)); // still aside
  q.wake();
  CHECK(q.take(100, limited)->count == 10);
}

TEST_CASE("A flow that waited aside does not make up for it at the others' cost") {
  queue q{10};
  q.push(0, 1.0, 0, 10'000);
  q.push(1, 1.0, 0, 10'000);
  const auto only_second = [](queue::flow f, std::size_t n) { return f == 1 ? n : 0; };
  for (int i = 0; i < 100; ++i) {
    REQUIRE(q.take(10, only_second));
  }
  q.wake();
  const auto got = serve(q, 200);
  CHECK(got.at(0) <= 110);
  CHECK(got.at(1) >= 90);
}

TEST_CASE("A flow's backlog can be taken out, also while it waits aside") {
  queue q{10};
  q.push(0, 1.0, 5, 30);
  q.push(0, 1.0, 6, 4);
  q.push(1, 1.0, 9, 10);
  REQUIRE(q.take(10, all)->of == 0);
  if (GENERATE(false, true)) {
    CHECK_FALSE(q.take(10, [](auto, auto) { return std::size_t{0}; }));
  }
  const auto removed = q.remove(0);
  REQUIRE(removed.size() == 2);
  CHECK(removed[0].from == 10);
  CHECK(removed[0].count == 20);
  CHECK(removed[1].item == 6);
  CHECK(q.backlog() == 10);
  CHECK(q.remove(0).empty());
  q.wake();
  CHECK(q.take(100, all)->of == 1);
  CHECK(q.empty());
}

// Random pushes, takes, limits and wakes against what any fair queue has to keep.
TEST_CASE("Work is conserved, order is kept and shares follow weights, whatever happens") {
  const auto seed = GENERATE(range(0U, 60U));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const std::size_t quantum = 1 + random() % 20;
  queue q{quantum};
  const std::size_t flows = 2 + random() % 6;
  std::vector<double> weight;
  std::vector<int> pushed(flows);
  std::vector<std::pair<int, std::size_t>> next(flows); // expected: entry and place in it
  std::vector<std::vector<std::size_t>> sizes(flows);
  std::vector<std::size_t> left(flows);
  for (std::size_t f = 0; f < flows; ++f) {
    weight.push_back(0.25 * static_cast<double>(1 + random() % 16));
  }
  // Since when two flows have both had a backlog and no limit, and what each got since.
  std::vector<double> served(flows);
  std::size_t total = 0;
  for (int step = 0; step < 3'000; ++step) {
    const auto f = random() % flows;
    if (random() % 3 == 0) {
      const std::size_t size = 1 + random() % 40;
      if (left[f] == 0) {
        served.assign(flows, 0.0); // a busy period of this pair begins
      }
      q.push(static_cast<queue::flow>(f), weight[f], pushed[f]++, size);
      sizes[f].push_back(size);
      left[f] += size;
      total += size;
    } else {
      const auto part = q.take(1 + random() % 30, all);
      REQUIRE(part.has_value() == (total > 0));
      if (!part) {
        continue;
      }
      const auto of = part->of;
      REQUIRE(part->count >= 1);
      REQUIRE(part->count <= quantum);
      REQUIRE(part->item == next[of].first);
      REQUIRE(part->from == next[of].second);
      next[of].second += part->count;
      if (next[of].second == sizes[of][static_cast<std::size_t>(next[of].first)]) {
        next[of] = {next[of].first + 1, 0};
      }
      left[of] -= part->count;
      total -= part->count;
      served[of] += static_cast<double>(part->count) / weight[of];
      if (left[of] == 0) {
        served.assign(flows, 0.0);
      }
      for (std::size_t a = 0; a < flows; ++a) {
        for (std::size_t b = 0; b < flows; ++b) {
          if (left[a] > 0 && left[b] > 0) {
            const auto bound = static_cast<double>(quantum) * (1 / weight[a] + 1 / weight[b]);
            REQUIRE(served[a] - served[b] <= bound + 1e-6);
          }
        }
      }
    }
    REQUIRE(q.backlog() == total);
    REQUIRE(q.backlog_of(static_cast<queue::flow>(f)) == left[f]);
  }
}

} // namespace
} // namespace streamer
