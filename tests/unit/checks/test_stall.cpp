// Partitions that stand still: found in time, named with their cause, once.
#include "runtime/checks/stall.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace streamer {
namespace {

using namespace std::chrono_literals;
using cause = stall_cause;

stall_watch::clock::time_point at(std::chrono::milliseconds ms) {
  return stall_watch::clock::time_point{} + ms;
}

partition_work waiting() {
  partition_work work{"events", 3};
  work.unfetched = 10;
  return work;
}

// With so many records in one state.
partition_work with(std::uint64_t partition_work::*state, std::uint64_t records = 1) {
  partition_work work{"events", 3};
  work.*state = records;
  return work;
}

TEST_CASE("The cause is what keeps the records that came first") {
  using w = partition_work;
  CHECK(cause_of(with(&w::unfetched), {}) == cause::fetch);
  CHECK(cause_of(with(&w::unfetched), {.credit_used_up = true}) == cause::no_credit);
  CHECK(cause_of(with(&w::unfetched), {.connected = false}) == cause::brokers);
  CHECK(cause_of(with(&w::unfetched), {.guard_holds = true}) == cause::fetch);
  CHECK(cause_of(with(&w::held), {}) == cause::tenant_held);
  CHECK(cause_of(with(&w::waiting_retry), {}) == cause::retry);
  CHECK(cause_of(with(&w::waiting_retry), {.guard_holds = true}) == cause::dlq_guard);
  CHECK(cause_of(with(&w::at_handlers), {}) == cause::handler);
  CHECK(cause_of(with(&w::at_handlers), {.outputs_waiting = true}) == cause::output);
  CHECK(cause_of(with(&w::waiting_dlq), {}) == cause::dlq);
  CHECK(cause_of(with(&w::done_uncommitted), {}) == cause::commit);
  // Each of these comes before those behind it.
  partition_work all{"events", 3};
  for (const auto& [state, expected] :
       {std::pair{&w::done_uncommitted, cause::commit}, std::pair{&w::unfetched, cause::fetch},
        std::pair{&w::held, cause::tenant_held}, std::pair{&w::waiting_retry, cause::retry},
        std::pair{&w::at_handlers, cause::handler}, std::pair{&w::waiting_dlq, cause::dlq}}) {
    all.*state = 1;
    CHECK(cause_of(all, {}) == expected);
  }
}

TEST_CASE("A partition that stands still is told once, and again when it ends") {
  stall_watch watch{30s};
  CHECK(watch.sample(at(0s), {waiting()}, {}).begun.empty());
  CHECK(watch.sample(at(29s), {waiting()}, {}).begun.empty());
  const auto begun = watch.sample(at(30s), {waiting()}, {}).begun;
  REQUIRE(begun.size() == 1);
  CHECK(begun.front().topic == "events");
  CHECK(begun.front().partition == 3);
  CHECK(begun.front().cause == cause::fetch);
  CHECK(begun.front().lag == 10);
  CHECK(begun.front().lasts == 30s);
  CHECK(watch.sample(at(31s), {waiting()}, {}).begun.empty());

  auto moved = waiting();
  moved.progress = 1;
  const auto changes = watch.sample(at(40s), {moved}, {});
  CHECK(changes.begun.empty());
  REQUIRE(changes.ended.size() == 1);
  CHECK(changes.ended.front().cause == cause::fetch);
  CHECK(changes.ended.front().lasts == 40s);
  CHECK(watch.sample(at(69s), {moved}, {}).begun.empty());
  CHECK(watch.sample(at(70s), {moved}, {}).begun.size() == 1);
}

TEST_CASE("Another cause ends the one before it") {
  stall_watch watch{1s};
  watch.sample(at(0s), {waiting()}, {});
  watch.sample(at(1s), {waiting()}, {});
  const auto changes = watch.sample(at(2s), {waiting()}, {.credit_used_up = true});
  REQUIRE(changes.ended.size() == 1);
  CHECK(changes.ended.front().cause == cause::fetch);
  REQUIRE(changes.begun.size() == 1);
  CHECK(changes.begun.front().cause == cause::no_credit);
}

TEST_CASE(
    "Without lag nothing stands, however long nothing happens; lag then gets its whole time") {
  stall_watch watch{10s};
  const partition_work idle{"events", 3};
  for (int s = 0; s < 100; ++s) {
    CHECK(watch.sample(at(std::chrono::seconds{s}), {idle}, {}).begun.empty());
  }
  CHECK(watch.sample(at(105s), {waiting()}, {}).begun.empty());
  CHECK(watch.sample(at(109s), {waiting()}, {}).begun.size() == 1);
}

TEST_CASE("A partition that leaves ends its stall, and starts afresh when it comes back") {
  stall_watch watch{1s};
  watch.sample(at(0s), {waiting()}, {});
  watch.sample(at(1s), {waiting()}, {});
  CHECK(watch.sample(at(2s), {}, {}).ended.size() == 1);
  CHECK(watch.sample(at(3s), {}, {}).ended.empty());
  CHECK(watch.sample(at(4s), {waiting()}, {}).begun.empty());
}

TEST_CASE("A cause that comes and goes is not told each time") {
  stall_watch watch{10s};
  watch.sample(at(0s), {with(&partition_work::waiting_retry)}, {});
  CHECK(watch.sample(at(10s), {with(&partition_work::waiting_retry)}, {}).begun.size() == 1);
  for (int s = 11; s < 20; ++s) {
    const auto state = s % 2 == 0 ? &partition_work::waiting_retry : &partition_work::at_handlers;
    CHECK(watch.sample(at(std::chrono::seconds{s}), {with(state)}, {}).begun.empty());
  }
}

TEST_CASE("Only what a fetch leaves out is read again, and not too often") {
  stall_watch watch{10s};
  watch.sample(at(0s), {waiting()}, {});
  CHECK(watch.remedies(at(0s)).read_again.empty());
  watch.sample(at(10s), {waiting()}, {});
  REQUIRE(watch.remedies(at(10s)).read_again.size() == 1);
  CHECK(watch.remedies(at(19s)).read_again.empty());
  CHECK(watch.remedies(at(20s)).read_again.size() == 1);
  watch.sample(at(21s), {with(&partition_work::waiting_retry)}, {});
  const auto later = watch.remedies(at(100s));
  CHECK(later.read_again.empty());
  CHECK_FALSE(later.renew_client);
}

TEST_CASE("Where reading again has not helped twice, the client is replaced, once for all") {
  stall_watch watch{10s};
  auto other = waiting();
  other.partition = 4;
  watch.sample(at(0s), {waiting()}, {});
  watch.sample(at(5s), {waiting(), other}, {});
  watch.sample(at(10s), {waiting(), other}, {});
  CHECK(watch.remedies(at(10s)).read_again.size() == 1);
  watch.sample(at(15s), {waiting(), other}, {});
  CHECK(watch.remedies(at(20s)).read_again.size() == 2);
  const auto third = watch.remedies(at(30s));
  CHECK(third.renew_client);
  // The new client reads the other one too.
  CHECK(third.read_again.empty());
  CHECK(watch.remedies(at(39s)).read_again.empty());
  // And from the front.
  for (const auto again : {40s, 50s}) {
    const auto due = watch.remedies(at(again));
    CHECK(due.read_again.size() == 2);
    CHECK_FALSE(due.renew_client);
  }
  CHECK(watch.remedies(at(60s)).renew_client);
}

TEST_CASE("A partition that moved in between is read again first") {
  stall_watch watch{10s};
  auto work = waiting();
  watch.sample(at(0s), {work}, {});
  watch.sample(at(10s), {work}, {});
  CHECK(watch.remedies(at(10s)).read_again.size() == 1);
  CHECK(watch.remedies(at(20s)).read_again.size() == 1);
  ++work.progress;
  watch.sample(at(25s), {work}, {});
  watch.sample(at(35s), {work}, {});
  const auto due = watch.remedies(at(35s));
  CHECK(due.read_again.size() == 1);
  CHECK_FALSE(due.renew_client);
}

} // namespace
} // namespace streamer
