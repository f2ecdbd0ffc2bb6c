#include "tests/chaos/support/memory_watch.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>

using namespace streamer::test;

namespace {

// 20 samples to warm up, 40 and 40.
std::vector<double> life(double warm, double first, double second) {
  std::vector<double> samples(20, warm);
  samples.insert(samples.end(), 40, first);
  samples.insert(samples.end(), 40, second);
  return samples;
}

} // namespace

TEST_CASE("Memory that grows over the second half is told, warming up is not held against it") {
  CHECK(grown_in_second_half(life(10, 50, 50))->by_mib == 0);
  CHECK(grown_in_second_half(life(10, 50, 70))->by_mib == 20);
  CHECK(grown_in_second_half(life(10, 50, 70))->before_mib == 50);
  CHECK(grown_in_second_half(life(90, 50, 50))->by_mib == 0);
  CHECK(grown_in_second_half(life(90, 50, 60))->by_mib == 10);
  CHECK(grown_in_second_half(life(10, 50, 40))->by_mib == 0);
}

TEST_CASE("One high sample late in life counts") {
  auto samples = life(10, 50, 50);
  samples.back() = 80;
  CHECK(grown_in_second_half(samples)->by_mib == 30);
}

TEST_CASE("Of a short life nothing is said") {
  CHECK_FALSE(grown_in_second_half({}));
  CHECK_FALSE(grown_in_second_half(std::vector<double>(59, 1)));
  CHECK(grown_in_second_half(std::vector<double>(60, 1)));
}

TEST_CASE("A process is sampled from its begin to its end") {
  memory_watch watch;
  watch.begin(getpid());
  std::this_thread::sleep_for(std::chrono::milliseconds{1500});
  const auto samples = watch.end(getpid());
  REQUIRE_FALSE(samples.empty());
  CHECK(samples.front() > 1);
  CHECK(watch.end(getpid()).empty());
}
