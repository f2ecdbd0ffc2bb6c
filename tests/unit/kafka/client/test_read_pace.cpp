#include "runtime/kafka/lane_rule.hpp"
#include "runtime/kafka/read_pace.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {

using std::chrono::milliseconds;

namespace {
constexpr std::int64_t mebibyte = 1 << 20;
const read_pace::time_point first_read{std::chrono::hours{1}};
} // namespace

TEST_CASE("a turn is a part of the window, so that every partition has some in it") {
  const read_pace pace{{10'000, mebibyte}};
  CHECK(pace.plan({0, 0}, 12).turn == 208);
  CHECK(pace.plan({0, 0}, 16).turn == 156);
  CHECK(pace.plan({0, 0}, 1).turn == 1'000);
  CHECK(pace.plan({0, 0}, 0).turn == 1'000);
  CHECK(read_pace{{100, mebibyte}}.plan({0, 0}, 16).turn == 32);
  CHECK(read_pace{{1'000'000, mebibyte}}.plan({0, 0}, 16).turn == 1'000);
}

TEST_CASE("turns are long while whole windows pass within milliseconds, and short again after") {
  read_pace pace{{10'000, mebibyte}};
  pace.note(10'000, first_read); // how long that took is not known
  CHECK(pace.plan({0, 0}, 12).turn == 208);
  pace.note(6'000, first_read + milliseconds{5});
  CHECK(pace.plan({0, 0}, 12).turn == 208);
  pace.note(6'000, first_read + milliseconds{10});
  CHECK(pace.plan({0, 0}, 12).turn == 1'000);
  pace.note(9'999, first_read + milliseconds{500});
  CHECK(pace.plan({0, 0}, 12).turn == 1'000);
  pace.note(1, first_read + milliseconds{501});
  CHECK(pace.plan({0, 0}, 12).turn == 208);
}

TEST_CASE("half of the window is for whoever comes, the rest for those with less than their part") {
  read_pace pace{{10'000, mebibyte}};
  CHECK(pace.plan({0, 0}, 10).open == 5'000);
  CHECK(pace.plan({4'900, 0}, 10).open == 100);
  CHECK(pace.plan({5'000, 0}, 10).open == 0);
  CHECK(pace.plan({9'000, 0}, 10).open == 0);
  CHECK(pace.plan({0, 0}, 10).share == 1'000);
  CHECK(pace.plan({0, 0}, 1).share == 10'000);
  // Fast handlers: what is in hand is soon gone, but no partition may have all.
  pace.note(10'000, first_read);
  pace.note(10'000, first_read + milliseconds{8});
  CHECK(pace.plan({0, 0}, 10).share == 5'000);
  CHECK(pace.plan({0, 0}, 1).share == 10'000);
}

TEST_CASE("no more is read than the window has room for, in bytes either") {
  const read_pace pace{{10'000, mebibyte}};
  CHECK(pace.plan({0, 0}, 4).most == 1'000);
  CHECK(pace.plan({9'400, 0}, 4).most == 600);
  CHECK(pace.plan({10'000, 0}, 4).most == 0);
  CHECK(pace.plan({10'300, 0}, 4).most == 0);
  CHECK(pace.plan({0, mebibyte - 5}, 4).bytes == 5);
  CHECK(pace.plan({0, mebibyte + 5}, 4).bytes == 0);
}

TEST_CASE("the larger Kafka's batches, the fewer queues there are, down to one") {
  CHECK(lanes_that_fit(16, 0, 64 * mebibyte) == 16);
  CHECK(lanes_that_fit(16, 4 * mebibyte, 64 * mebibyte) == 16);
  CHECK(lanes_that_fit(16, 4 * mebibyte + 1, 64 * mebibyte) == 8);
  CHECK(lanes_that_fit(16, 16 * mebibyte, 64 * mebibyte) == 4);
  CHECK(lanes_that_fit(4, 16 * mebibyte, 64 * mebibyte) == 4);
  CHECK(lanes_that_fit(16, 100 * mebibyte, 64 * mebibyte) == 1);
}

} // namespace streamer
