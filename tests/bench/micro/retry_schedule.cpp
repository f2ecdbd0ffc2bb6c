#include "actors/retry/retry_schedule.hpp"
#include "tests/bench/micro/measure.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer::bench {
namespace {

TEST_CASE("retry schedule") {
  std::mt19937_64 random{42};
  measure("retry schedule: when the next attempt is", batch_records, [&random] {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < batch_records; ++i) {
      const auto attempts = static_cast<std::uint32_t>(1 + i % 9);
      if (const auto in = next_attempt_in({}, attempts, std::chrono::milliseconds{500}, random)) {
        sum += in->count();
      }
    }
    return sum;
  });
}

} // namespace
} // namespace streamer::bench
