#include "actors/consumer/commit_metadata.hpp"
#include "tests/unit/actors/consumer/metadata_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace streamer {
namespace {

using fixture::first_told_ms;

constexpr metadata_scope orders_3{"cluster-a", "orders", partition_id{3}, offset_id{1000}};

commit_metadata something() {
  using namespace std::chrono_literals;
  return {{{offset_id{1000}, 3, first_told_ms + 5000, 700ms}, {offset_id{1010}, 1, first_told_ms}},
          {{offset_id{1001}, offset_id{1009}}, {offset_id{1012}, offset_id{1012}}}};
}

TEST_CASE("A partition with nothing to say has empty metadata, which reads as absent") {
  const auto encoded = encode({}, orders_3);
  CHECK(encoded.text.empty());
  CHECK(encoded.dropped_failing == 0);
  CHECK(encoded.dropped_ranges == 0);
  CHECK(decode("", orders_3).verdict == metadata_verdict::absent);
}

TEST_CASE("Metadata says attempts and finished ranges to a later owner") {
  const auto encoded = encode(something(), orders_3);
  const auto decoded = decode(encoded.text, orders_3);
  CHECK(decoded.verdict == metadata_verdict::usable);
  CHECK(decoded.data == something());
}

TEST_CASE("The layout of metadata does not move") {
  constexpr std::string_view written = "s2:UzoKsv55Kq3oBwIAAwoHCgEJAAIBCAMAEbxFyg";
  CHECK(encode(something(), orders_3).text == written);
  CHECK(decode(written, orders_3).data == something());
}

TEST_CASE("Metadata of the first version is still read; it tells no time elapsed") {
  auto told = something();
  told.failing.front().elapsed = {};
  CHECK(decode("s1:UzoKsv55Kq3oBwIAAwUKAQACAQgDALoLCtQ", orders_3).data == told);
}

TEST_CASE("Random attempts and ranges come back as they were") {
  const std::uint64_t seed = GENERATE(21U, 22U, 23U, 24U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 1000; ++round) {
    const offset_id base{static_cast<std::int64_t>(random() >> (2 + random() % 60))};
    const auto data = fixture::random_metadata(random, base, 20, 40, 1LL << random() % 40);
    const metadata_scope scope{"c", "t", partition_id{static_cast<std::int32_t>(random() % 1000)},
                               base};
    const auto encoded = encode(data, scope);
    CAPTURE(round, base.value());
    REQUIRE(encoded.dropped_failing == 0);
    REQUIRE(encoded.dropped_ranges == 0);
    const auto decoded = decode(encoded.text, scope);
    if (data == commit_metadata{}) {
      REQUIRE(decoded.verdict == metadata_verdict::absent);
    } else {
      REQUIRE(decoded.verdict == metadata_verdict::usable);
      REQUIRE(decoded.data == data);
    }
  }
}

TEST_CASE("Metadata that was written for something else is refused by name") {
  const auto text = encode(something(), orders_3).text;
  auto other = orders_3;
  SECTION("another cluster") {
    other.cluster_id = "cluster-b";
    CHECK(decode(text, other).verdict == metadata_verdict::other_cluster);
  }
  SECTION("an unknown cluster") {
    other.cluster_id = "";
    CHECK(decode(text, other).verdict == metadata_verdict::other_cluster);
  }
  SECTION("another topic") {
    other.topic = "orders2";
    CHECK(decode(text, other).verdict == metadata_verdict::other_partition);
  }
  SECTION("another partition") {
    other.partition = partition_id{4};
    CHECK(decode(text, other).verdict == metadata_verdict::other_partition);
  }
  SECTION("a topic whose name and partition read alike when joined") {
    other.topic = "orders/";
    CHECK(decode(text, other).verdict == metadata_verdict::other_partition);
  }
  SECTION("another committed offset, nearer or farther") {
    other.base = offset_id{1001};
    CHECK(decode(text, other).verdict == metadata_verdict::other_offset);
    other.base = offset_id{999};
    CHECK(decode(text, other).verdict == metadata_verdict::other_offset);
    other.base = offset_id{-1001};
    CHECK(decode(text, other).verdict == metadata_verdict::other_offset);
  }
  CHECK(decode(text, other).data == commit_metadata{});
}

TEST_CASE("The ends of what numbers can say come back unharmed") {
  const metadata_scope scope{"", "", partition_id{INT32_MAX}, offset_id{0}};
  const commit_metadata data{
      {{offset_id{0}, 1, first_told_ms}, {offset_id{INT64_MAX}, UINT32_MAX, first_told_ms + 1000}},
      {{offset_id{1}, offset_id{INT64_MAX - 1}}, {offset_id{INT64_MAX}, offset_id{INT64_MAX}}}};
  const auto decoded = decode(encode(data, scope).text, scope);
  CHECK(decoded.verdict == metadata_verdict::usable);
  CHECK(decoded.data == data);
}

TEST_CASE("The time of a first failure is kept to the second, whatever the clock says") {
  const auto told = [](std::int64_t ms) {
    const commit_metadata data{{{offset_id{1000}, 1, ms}}, {}};
    const auto decoded = decode(encode(data, orders_3).text, orders_3);
    REQUIRE(decoded.data.failing.size() == 1);
    return decoded.data.failing[0].first_failed_ms;
  };
  CHECK(told(first_told_ms + 5999) == first_told_ms + 5000);
  CHECK(told(1'700'000'000'123) == 1'700'000'000'000);
  CHECK(told(0) == 0);
  CHECK(told(-1) == 0);
  CHECK(told(INT64_MIN) < 0);
  CHECK(told(INT64_MAX) > first_told_ms);
}

TEST_CASE("The time that has passed is kept to the tenth of a second, and is never negative") {
  using std::chrono::milliseconds;
  const auto told = [](milliseconds elapsed) {
    const commit_metadata data{{{offset_id{1000}, 1, first_told_ms, elapsed}}, {}};
    const auto decoded = decode(encode(data, orders_3).text, orders_3);
    REQUIRE(decoded.data.failing.size() == 1);
    return decoded.data.failing[0].elapsed;
  };
  CHECK(told(milliseconds{0}) == milliseconds{0});
  CHECK(told(milliseconds{99}) == milliseconds{0});
  CHECK(told(milliseconds{12'345}) == milliseconds{12'300});
  CHECK(told(milliseconds{-5'000}) == milliseconds{0});
  CHECK(told(milliseconds::min()) == milliseconds{0});
  // Not so much that a clock of nanoseconds would run over.
  CHECK(told(milliseconds::max()) < std::chrono::hours{24 * 365 * 20});
  CHECK(told(milliseconds::max()) > std::chrono::hours{24 * 365 * 10});
}

} // namespace
} // namespace streamer
