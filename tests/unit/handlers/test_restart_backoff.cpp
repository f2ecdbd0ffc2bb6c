#include "runtime/handlers/subprocess/restart_backoff.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST_CASE("A child that ends at once again and again stays down longer, up to a limit") {
  restart_backoff backoff{100ms, 1'000ms};
  CHECK(backoff.after(5ms) == 100ms);
  CHECK(backoff.after(5ms) == 200ms);
  CHECK(backoff.after(9'999ms) == 400ms);
  CHECK(backoff.after(0ms) == 800ms);
  CHECK(backoff.after(0ms) == 1'000ms);
  CHECK(backoff.after(0ms) == 1'000ms);
}

TEST_CASE("A child that lived long enough is started anew as if it were the first") {
  restart_backoff backoff{100ms, 30'000ms};
  for (int i = 0; i < 8; ++i) {
    static_cast<void>(backoff.after(0ms));
  }
  CHECK(backoff.after(restart_backoff::steady_after) == 100ms);
  CHECK(backoff.after(0ms) == 200ms);
}

TEST_CASE("A longest pause below the first one is the first one") {
  restart_backoff backoff{500ms, 100ms};
  CHECK(backoff.after(0ms) == 500ms);
  CHECK(backoff.after(0ms) == 500ms);
}

} // namespace
} // namespace streamer
