#include "runtime/kafka/batch_extent.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

constexpr std::uintptr_t base = 1U << 30;

TEST_CASE("Records that lie in one piece are one batch, with what lies between them") {
  batch_extent e;
  e.note(base, base + 100);
  e.note(base + 130, base + 200);
  e.note(base + 200, base + 200);
  e.note(base + 1'200, base + 1'300);
  CHECK(e.size() == 1'300);
  CHECK_FALSE(e.grew_too_large());
}

TEST_CASE("A gap, or a place further down, begins another batch") {
  batch_extent e;
  e.note(base, base + 5'000);
  e.note(base + 5'000 + batch_extent::longest_gap, base + 9'000);
  CHECK(e.size() == 4'000 - batch_extent::longest_gap);
  e.note(base, base + 10);
  CHECK(e.size() == 10);
}

TEST_CASE("A batch is told as too large once, and the next one again") {
  batch_extent e{1'000};
  e.note(base, base + 900);
  CHECK_FALSE(e.grew_too_large());
  e.note(base + 910, base + 1'001);
  CHECK(e.grew_too_large());
  e.note(base + 1'010, base + 3'000);
  CHECK_FALSE(e.grew_too_large());
  e.note(base + 50'000, base + 50'500);
  CHECK_FALSE(e.grew_too_large());
  e.note(base + 50'500, base + 52'500);
  CHECK(e.grew_too_large());
}

TEST_CASE("A record without key and value says nothing") {
  batch_extent e{1'000};
  e.note(base, base + 900);
  e.note(0, 0);
  CHECK(e.size() == 0);
}

} // namespace
} // namespace streamer
