#include "actors/producer/partition_rule.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>

namespace streamer {
namespace {

std::string random_bytes(std::mt19937_64& random, std::size_t longest) {
  std::string bytes(random() % (longest + 1), '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random() & 255U); });
  return bytes;
}

TEST_CASE("A tenant's partition is its formula for any tenant, key, spread and partition count") {
  const std::uint64_t seed = GENERATE(701U, 702U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 5000; ++round) {
    const auto tenant = random_bytes(random, 20);
    const auto key = random_bytes(random, 20);
    const auto spread = static_cast<std::int32_t>(1 + random() % 40);
    const auto partitions = static_cast<std::int32_t>(1 + random() % 400);
    const auto hash = [](const std::string& bytes) {
      return static_cast<std::int64_t>(to_positive(murmur2(bytes)));
    };
    CAPTURE(round, spread, partitions);
    REQUIRE(partition_of_seed(tenant_partition_seed(tenant, key, spread), partitions).value() ==
            (hash(tenant) + hash(key) % spread) % partitions);
    REQUIRE(partition_by_key(key, partitions).value() == hash(key) % partitions);
  }
}

TEST_CASE("A key stays in its partition: the same input gives the same one") {
  std::mt19937_64 random{711};
  for (int round = 0; round < 1000; ++round) {
    const auto tenant = random_bytes(random, 10);
    const auto key = random_bytes(random, 10);
    const auto copy = key;
    REQUIRE(tenant_partition_seed(tenant, key, 4) == tenant_partition_seed(tenant, copy, 4));
  }
}

TEST_CASE("A turn counter that has run for ever still goes round the tenant's partitions") {
  std::set<std::uint32_t> seeds;
  for (const std::uint64_t turn : {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 2, UINT64_MAX - 3}) {
    seeds.insert(tenant_partition_seed("acme", turn, 4));
  }
  CHECK(seeds.size() == 4);
}

TEST_CASE("Keys spread evenly over partitions") {
  std::vector<int> count(12);
  for (int i = 0; i < 12'000; ++i) {
    ++count[static_cast<std::size_t>(partition_by_key("key-" + std::to_string(i), 12).value())];
  }
  for (const auto c : count) {
    CHECK(c > 800);
    CHECK(c < 1200);
  }
}

} // namespace
} // namespace streamer
