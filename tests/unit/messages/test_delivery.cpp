#include "tests/unit/messages/attempt_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <barrier>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace streamer {
namespace {

using fixture::attempt_desk;

static_assert(!std::is_copy_constructible_v<delivery>);
static_assert(!std::is_copy_assignable_v<delivery>);
static_assert(std::is_nothrow_move_constructible_v<delivery>);

outbound_event event_to(std::string topic) {
  outbound_event e;
  e.topic = std::move(topic);
  return e;
}

TEST_CASE("A delivery shows the record, its tenant and the number of the attempt") {
  const attempt_desk desk;
  const delivery d{desk.start(7, 3)};
  CHECK(d.record().offset() == offset_id{42});
  CHECK(d.record().key().view() == "key");
  CHECK(d.record().value().view() == "value");
  CHECK(d.record().tenant() == "acme");
  CHECK(d.record().topic() == "orders");
  CHECK(d.record().attempt() == 3);
}

TEST_CASE("The first outcome of a delivery counts and a second one is dropped and counted") {
  const attempt_desk desk;
  {
    delivery d{desk.start()};
    CHECK(d.complete(outcome::reject("first")));
    CHECK_FALSE(d.complete(outcome::success()));
    CHECK_FALSE(d.complete(outcome::retry("third")));
  }
  const auto done = desk.queue->take();
  REQUIRE(done.size() == 1);
  CHECK(done[0]->result().kind == outcome_kind::reject);
  CHECK(done[0]->result().reason == "first");
  CHECK(desk.counters->repeated.load() == 2);
  CHECK(desk.counters->late_completions.load() == 0);
}

TEST_CASE("Letting go of a delivery without an outcome is retry with cause abandoned") {
  const attempt_desk desk;
  { const delivery d{desk.start()}; }
  const auto done = desk.queue->take();
  REQUIRE(done.size() == 1);
  CHECK(done[0]->result().kind == outcome_kind::retry);
  CHECK(done[0]->result().cause == failure_class::abandoned);
}

TEST_CASE("A delivery that was moved away owes nothing; its new holder does") {
  const attempt_desk desk;
  {
    std::optional<delivery> kept;
    {
      delivery d{desk.start()};
      kept.emplace(std::move(d));
      CHECK_FALSE(static_cast<bool>(d)); // NOLINT(bugprone-use-after-move)
      CHECK(static_cast<bool>(*kept));
    }
    CHECK(desk.queue->take().empty());
    CHECK(kept->complete(outcome::success()));
  }
  REQUIRE(desk.queue->take().size() == 1);
  CHECK(desk.counters->repeated.load() == 0);
}

TEST_CASE("Assigning over a delivery abandons the record that it held") {
  const attempt_desk desk;
  delivery d{desk.start(1)};
  d = delivery{desk.start(2)};
  auto done = desk.queue->take();
  REQUIRE(done.size() == 1);
  CHECK(done[0]->token() == 1);
  CHECK(done[0]->result().cause == failure_class::abandoned);

  auto& same = d;
  d = std::move(same);
  CHECK(desk.queue->take().empty());
  CHECK(d.complete(outcome::success()));
}

TEST_CASE("A fenced attempt is cancelled; its outcome and events are dropped and counted") {
  const attempt_desk desk;
  const auto a = desk.start();
  {
    delivery d{a};
    const auto cancel = d.cancel();
    d.emit(event_to("before"));
    CHECK_FALSE(cancel.cancelled());
    CHECK(a->fence());
    CHECK(cancel.cancelled());
    d.emit(event_to("after"));
    CHECK_FALSE(d.complete(outcome::success()));
    CHECK_FALSE(a->fence());
  }
  CHECK(a->fenced());
  CHECK(a->ended());
  CHECK(desk.queue->take().empty());
  CHECK(desk.counters->late_completions.load() == 1);
  CHECK(desk.counters->late_events.load() == 1);
  CHECK(desk.counters->repeated.load() == 0);
  REQUIRE(a->events().size() == 1);
  CHECK(a->events()[0].topic == "before");
}

TEST_CASE("Letting go of a fenced delivery is no outcome and no late completion") {
  const attempt_desk desk;
  {
    const auto a = desk.start();
    const delivery d{a};
    REQUIRE(a->fence());
  }
  CHECK(desk.queue->take().empty());
  CHECK(desk.counters->late_completions.load() == 0);
}

TEST_CASE("An attempt that has its outcome cannot be fenced and is not cancelled") {
  const attempt_desk desk;
  const auto a = desk.start();
  delivery d{a};
  REQUIRE(d.complete(outcome::success()));
  CHECK_FALSE(a->fence());
  CHECK_FALSE(a->fenced());
  CHECK_FALSE(d.cancel().cancelled());
  CHECK(a->ended());
}

TEST_CASE("What is emitted before the outcome stays with it; what comes after is late") {
  const attempt_desk desk;
  delivery d{desk.start()};
  d.emit(event_to("one"));
  d.emit(event_to("two"));
  REQUIRE(d.complete(outcome::success()));
  d.emit(event_to("three"));
  const auto done = desk.queue->take();
  REQUIRE(done.size() == 1);
  REQUIRE(done[0]->events().size() == 2);
  CHECK(done[0]->events()[0].topic == "one");
  CHECK(done[0]->events()[1].topic == "two");
  CHECK(desk.counters->late_events.load() == 1);
}

TEST_CASE("Of 64 threads that complete one attempt exactly one wins, and its outcome is kept") {
  constexpr int threads = 64;
  for (int round = 0; round < 20; ++round) {
    const attempt_desk desk;
    const auto a = desk.start();
    std::barrier start{threads};
    std::atomic<int> winners{0};
    std::atomic<int> winner{-1};
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        start.arrive_and_wait();
        if (a->complete(outcome::skip(std::to_string(t)))) {
          ++winners;
          winner = t;
        }
      });
    }
    for (auto& w : workers) {
      w.join();
    }
    REQUIRE(winners == 1);
    REQUIRE(desk.counters->repeated.load() == threads - 1);
    const auto done = desk.queue->take();
    REQUIRE(done.size() == 1);
    REQUIRE(done[0]->result().reason == std::to_string(winner));
  }
}

TEST_CASE("When an outcome and the fence race, exactly one of them ends the attempt") {
  constexpr std::size_t count = 4000;
  const attempt_desk desk;
  std::vector<std::shared_ptr<attempt>> attempts;
  for (std::size_t i = 0; i < count; ++i) {
    attempts.push_back(desk.start(i));
  }
  std::barrier start{2};
  std::vector<char> completed(count);
  std::vector<char> fenced(count);
  std::thread fencer{[&] {
    start.arrive_and_wait();
    for (std::size_t i = 0; i < count; ++i) {
      fenced[i] = attempts[i]->fence() ? 1 : 0;
    }
  }};
  start.arrive_and_wait();
  // From the other end, so that the two meet whatever their pace.
  for (std::size_t i = count; i > 0; --i) {
    completed[i - 1] = attempts[i - 1]->complete(outcome::success()) ? 1 : 0;
  }
  fencer.join();
  std::size_t done = 0;
  for (std::size_t i = 0; i < count; ++i) {
    CAPTURE(i);
    REQUIRE(completed[i] + fenced[i] == 1);
    REQUIRE(attempts[i]->fenced() == (fenced[i] == 1));
    done += completed[i] == 1 ? 1U : 0U;
  }
  CHECK(desk.queue->take().size() == done);
  CHECK(desk.counters->late_completions.load() == count - done);
}

} // namespace
} // namespace streamer
