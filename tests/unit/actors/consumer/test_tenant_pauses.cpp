#include "actors/consumer/tenant_pauses.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

using pause_answer = tenant_pauses::answer;

TEST_CASE("A tenant is paused once, by whom and since when, until it is resumed") {
  tenant_pauses pauses;
  const auto nothing = pauses.version();
  const operator_pause first{std::chrono::system_clock::time_point{std::chrono::seconds{5}}, "::1"};
  CHECK(pauses.pause("a", first) == pause_answer::done);
  const auto paused = pauses.version();
  CHECK(paused != nothing);
  CHECK(pauses.pause("a", {}) == pause_answer::was_so);
  CHECK(pauses.version() == paused);
  CHECK(pauses.contains("a"));
  CHECK_FALSE(pauses.contains("b"));
  CHECK(pauses.all().at("a") == first);
  CHECK(pauses.resume("b") == pause_answer::was_so);
  CHECK(pauses.resume("a") == pause_answer::done);
  CHECK(pauses.version() != paused);
  CHECK(pauses.all().empty());
}

TEST_CASE("Pauses are bounded, and those that are there stay") {
  tenant_pauses pauses{2};
  CHECK(pauses.pause("a", {}) == pause_answer::done);
  CHECK(pauses.pause("b", {}) == pause_answer::done);
  CHECK(pauses.pause("c", {}) == pause_answer::full);
  CHECK(pauses.pause("a", {}) == pause_answer::was_so);
  CHECK(pauses.resume("a") == pause_answer::done);
  CHECK(pauses.pause("c", {}) == pause_answer::done);
}

} // namespace
} // namespace streamer
