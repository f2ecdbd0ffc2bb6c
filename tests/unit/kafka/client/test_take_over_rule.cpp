#include "runtime/kafka/take_over_rule.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {

constexpr std::int64_t mebibyte = 1 << 20;

TEST_CASE("small records are taken over by the hundred") {
  CHECK(records_that_fit(16 * mebibyte, 490) == taken_at_a_time);
  CHECK(records_that_fit(mebibyte / 2, 2'000) == 262);
}

TEST_CASE("large ones are taken over as far as there is room for the largest") {
  CHECK(records_that_fit(16 * mebibyte, mebibyte) == 16);
  CHECK(records_that_fit(3 * mebibyte - 1, mebibyte) == 2);
}

TEST_CASE("one is taken over at least, also into no room") {
  CHECK(records_that_fit(10, mebibyte) == 1);
  CHECK(records_that_fit(-mebibyte, 490) == 1);
}

TEST_CASE("of records that nobody has seen few are taken over") {
  CHECK(records_that_fit(16 * mebibyte, 0) == taken_at_first);
  CHECK(records_that_fit(0, 0) == taken_at_first);
}

TEST_CASE("a large record is forgotten after some calls without one") {
  auto large = mebibyte;
  for (int call = 0; call < 12; ++call) {
    large = less_large(large);
  }
  CHECK(large < mebibyte / 20);
  CHECK(records_that_fit(mebibyte, large) > 20);
}

} // namespace streamer
