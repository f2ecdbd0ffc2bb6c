#include "actors/consumer/commit_metadata.hpp"
#include "tests/unit/actors/consumer/metadata_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdint>
#include <random>

namespace streamer {
namespace {

using fixture::is_beginning_of;
using fixture::random_metadata;

constexpr offset_id far_base{123'456'789};
constexpr metadata_scope far_scope{"cluster", "orders", partition_id{11}, far_base};

TEST_CASE("Metadata keeps within any limit, drops from the end and counts what it drops") {
  const std::uint64_t seed = GENERATE(31U, 32U, 33U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 2000; ++round) {
    const auto data = random_metadata(random, far_base, 400, 1500, 1LL << random() % 20);
    const std::size_t limit = random() % 5000;
    const auto encoded = encode(data, far_scope, limit);
    CAPTURE(round, limit, encoded.text.size());
    REQUIRE(encoded.text.size() <= std::min(limit, default_metadata_limit));
    const auto decoded = decode(encoded.text, far_scope);
    REQUIRE(decoded.verdict ==
            (encoded.text.empty() ? metadata_verdict::absent : metadata_verdict::usable));
    REQUIRE(is_beginning_of(decoded.data.failing, data.failing));
    REQUIRE(is_beginning_of(decoded.data.finished, data.finished));
    REQUIRE(decoded.data.failing.size() + encoded.dropped_failing == data.failing.size());
    REQUIRE(decoded.data.finished.size() + encoded.dropped_ranges == data.finished.size());
  }
}

TEST_CASE("Attempts are kept first: finished ranges never cost an attempt") {
  std::mt19937_64 random{41};
  for (int round = 0; round < 500; ++round) {
    auto data = random_metadata(random, far_base, 400, 1500, 1000);
    const std::size_t limit = random() % 4097;
    const auto both = encode(data, far_scope, limit);
    data.finished.clear();
    const auto attempts_only = encode(data, far_scope, limit);
    CAPTURE(round, limit);
    REQUIRE(both.dropped_failing == attempts_only.dropped_failing);
  }
}

TEST_CASE("Room is not wasted: what is dropped would not have fitted") {
  std::mt19937_64 random{42};
  // One item takes up to 4 bytes here, and the counts are given 2 bytes each; base64 takes a third
  // more.
  constexpr std::size_t slack = 12;
  for (int round = 0; round < 500; ++round) {
    auto data = random_metadata(random, far_base, 0, 3000, 1000);
    const std::size_t limit = 100 + random() % 3997;
    const auto encoded = encode(data, far_scope, limit);
    CAPTURE(round, limit, encoded.text.size());
    if (encoded.dropped_ranges > 0) {
      REQUIRE(encoded.text.size() + slack >= limit);
    }
  }
}

TEST_CASE("A broker's limit too small for anything gives empty metadata, not a broken one") {
  std::mt19937_64 random{43};
  commit_metadata data;
  while (data.failing.empty() || data.finished.empty()) {
    data = random_metadata(random, far_base, 10, 10, 10);
  }
  for (std::size_t limit = 0; limit < 20; ++limit) {
    const auto encoded = encode(data, far_scope, limit);
    CAPTURE(limit);
    CHECK(encoded.text.empty());
    CHECK(encoded.dropped_failing == data.failing.size());
    CHECK(encoded.dropped_ranges == data.finished.size());
  }
}

TEST_CASE("A generous broker gets no more than Kafka's default allows") {
  std::mt19937_64 random{44};
  commit_metadata data;
  while (data.finished.size() < 2900) {
    data = random_metadata(random, far_base, 100, 3000, 1000);
  }
  const auto encoded = encode(data, far_scope, 1'000'000);
  CHECK(encoded.text.size() <= default_metadata_limit);
  CHECK(encoded.dropped_ranges > 0);
  CHECK(encoded.text == encode(data, far_scope).text);
}

} // namespace
} // namespace streamer
