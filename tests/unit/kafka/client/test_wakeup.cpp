#include "runtime/kafka/inbox.hpp"
#include "runtime/threads/wakeup.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <chrono>
#include <thread>

namespace streamer {
namespace {

using namespace std::chrono_literals;

} // namespace

TEST_CASE("a flag raised before the wait ends it at once, and is taken down by it") {
  const wakeup one;
  const wakeup two;
  const std::array<const wakeup*, 2> flags{&one, &two};
  two.raise();
  two.raise();
  CHECK(wait_for_any(flags, 10s) == 2U);
  CHECK(wait_for_any(flags, 0ms) == 0U);
  one.raise();
  two.raise();
  CHECK(wait_for_any(flags, 10s) == 3U);
  one.raise();
  one.clear();
  CHECK(wait_for_any(flags, 1ms) == 0U);
}

TEST_CASE("a flag raised by another thread ends the wait") {
  const wakeup flag;
  const std::array<const wakeup*, 1> flags{&flag};
  const std::jthread raiser{[&] {
    std::this_thread::sleep_for(20ms);
    flag.raise();
  }};
  CHECK(wait_for_any(flags, 10s) == 1U);
}

TEST_CASE("an inbox keeps the order and raises its flag for the first item") {
  inbox<int> box;
  const std::array<const wakeup*, 1> flags{&box.flag()};
  box.put(1);
  box.put(2);
  CHECK(wait_for_any(flags, 0ms) == 1U);
  std::vector<int> taken{9, 9};
  box.take(taken);
  CHECK(taken == std::vector{1, 2});
  box.take(taken);
  CHECK(taken.empty());
  box.put(3);
  CHECK(wait_for_any(flags, 0ms) == 1U);
}

} // namespace streamer
