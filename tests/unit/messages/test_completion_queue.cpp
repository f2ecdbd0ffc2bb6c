#include "tests/unit/messages/attempt_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <thread>
#include <vector>

namespace streamer {
namespace {

using fixture::attempt_desk;

TEST_CASE("The owner is woken once until it takes what is done") {
  const attempt_desk desk;
  CHECK(desk.queue->take().empty());
  CHECK(desk.wakes->load() == 0);

  for (std::uint64_t token = 0; token < 3; ++token) {
    REQUIRE(desk.start(token)->complete(outcome::success()));
  }
  CHECK(desk.wakes->load() == 1);

  const auto done = desk.queue->take();
  REQUIRE(done.size() == 3);
  CHECK(done[0]->token() == 0);
  CHECK(done[2]->token() == 2);
  CHECK(desk.queue->take().empty());

  REQUIRE(desk.start(3)->complete(outcome::success()));
  CHECK(desk.wakes->load() == 2);
}

TEST_CASE("The owner may take from inside its wake-up") {
  std::size_t taken = 0;
  std::shared_ptr<completion_queue> queue;
  queue = std::make_shared<completion_queue>([&] { taken += queue->take().size(); });
  const auto counters = std::make_shared<fence_counters>();
  for (int i = 0; i < 5; ++i) {
    const auto a = std::make_shared<attempt>(fixture::make_record({}),
                                             std::make_shared<const std::string>("acme"), 1, 0,
                                             queue, counters);
    REQUIRE(a->complete(outcome::success()));
  }
  CHECK(taken == 5);
}

TEST_CASE("What completes after the owner has ended is dropped and counted as late") {
  const attempt_desk desk;
  const auto early = desk.start();
  const auto late = desk.start();
  REQUIRE(early->complete(outcome::success()));
  desk.queue->close();
  CHECK_FALSE(late->complete(outcome::success()));
  CHECK(desk.counters->late_completions.load() == 1);
  CHECK(desk.wakes->load() == 1);
  CHECK(desk.queue->take().empty());
}

TEST_CASE("A closed queue holds neither attempts nor what its wake-up holds") {
  const auto held = std::make_shared<int>(0);
  const auto queue = std::make_shared<completion_queue>([held] {});
  const auto counters = std::make_shared<fence_counters>();
  auto a = std::make_shared<attempt>(
      fixture::make_record({}), std::make_shared<const std::string>("acme"), 1, 0, queue, counters);
  REQUIRE(a->complete(outcome::success()));
  const std::weak_ptr<attempt> watched = a;
  a.reset();
  REQUIRE_FALSE(watched.expired());
  queue->close();
  CHECK(watched.expired());
  CHECK(held.use_count() == 1);
}

TEST_CASE("Nothing is lost or doubled when 64 threads complete while the owner takes") {
  constexpr std::size_t threads = 64;
  constexpr std::size_t each = 200;
  const attempt_desk desk;
  std::vector<std::shared_ptr<attempt>> attempts;
  for (std::uint64_t token = 0; token < threads * each; ++token) {
    attempts.push_back(desk.start(token));
  }
  std::atomic<std::size_t> accepted{0};
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (std::size_t i = 0; i < each; ++i) {
        const auto& a = attempts[t * each + i];
        accepted += a->complete(outcome::skip(std::to_string(a->token()))) ? 1U : 0U;
      }
    });
  }
  std::set<std::uint64_t> seen;
  std::size_t taken = 0;
  bool reasons_fit = true;
  while (taken < threads * each) {
    for (const auto& a : desk.queue->take()) {
      ++taken;
      seen.insert(a->token());
      reasons_fit = reasons_fit && a->result().reason == std::to_string(a->token());
    }
    std::this_thread::yield();
  }
  for (auto& w : workers) {
    w.join();
  }
  CHECK(desk.queue->take().empty());
  CHECK(taken == threads * each);
  CHECK(seen.size() == threads * each);
  CHECK(accepted == threads * each);
  CHECK(reasons_fit);
}

TEST_CASE("Every completion that a closing queue took or dropped is accounted for") {
  const attempt_desk desk;
  std::vector<std::shared_ptr<attempt>> attempts;
  for (std::uint64_t token = 0; token < 8000; ++token) {
    attempts.push_back(desk.start(token));
  }
  std::atomic<std::size_t> accepted{0};
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < 8; ++t) {
    workers.emplace_back([&, t] {
      for (std::size_t i = t; i < attempts.size(); i += 8) {
        accepted += attempts[i]->complete(outcome::success()) ? 1U : 0U;
      }
    });
  }
  desk.queue->close();
  for (auto& w : workers) {
    w.join();
  }
  CHECK(accepted + desk.counters->late_completions.load() == attempts.size());
  CHECK(desk.queue->take().empty());
}

} // namespace
} // namespace streamer
