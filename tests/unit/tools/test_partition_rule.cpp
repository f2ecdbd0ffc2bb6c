#include "actors/producer/partition_rule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>
#include <string_view>

namespace streamer {
namespace {

std::int32_t as_java(std::uint32_t hash) { return static_cast<std::int32_t>(hash); }

TEST_CASE("murmur2 gives the values of Kafka's own UtilsTest") {
  CHECK(as_java(murmur2("21")) == -973932308);
  CHECK(as_java(murmur2("foobar")) == -790332482);
  CHECK(as_java(murmur2("a-little-bit-long-string")) == -985981536);
  CHECK(as_java(murmur2("a-little-bit-longer-string")) == -1486304829);
  CHECK(as_java(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")) == -58897971);
  CHECK(as_java(murmur2("abc")) == 479470107);
}

TEST_CASE("murmur2 reads bytes above 127 as unsigned, and every tail length") {
  CHECK(as_java(murmur2("")) == 275646681);
  const std::set<std::uint32_t> distinct{murmur2("\xff"), murmur2("\xff\xff"),
                                         murmur2("\xff\xff\xff"), murmur2("\xff\xff\xff\xff"),
                                         murmur2("\xff\xff\xff\xff\xff")};
  CHECK(distinct.size() == 5);
}

partition_id by_tenant(std::string_view tenant, std::string_view key, std::int32_t spread,
                       std::int32_t partitions) {
  return partition_of_seed(tenant_partition_seed(tenant, key, spread), partitions);
}

TEST_CASE("toPositive clears the sign bit as Java does, which is not the absolute value") {
  CHECK(to_positive(0xFFFFFFFFU) == 0x7FFFFFFFU);
  CHECK(to_positive(0x80000000U) == 0);
  CHECK(to_positive(5) == 5);
}

TEST_CASE("by key a record lands where Java's default partitioner puts it") {
  // (-790332482 & 0x7fffffff) % 12
  CHECK(partition_by_key("foobar", 12) == partition_id{1357151166 % 12});
  CHECK(partition_by_key("abc", 12) == partition_id{479470107 % 12});
}

TEST_CASE("by tenant the partition is (murmur2(tenant) + murmur2(key) mod spread) mod partitions") {
  const auto expected = (to_positive(murmur2("acme")) + to_positive(murmur2("abc")) % 4) % 12;
  CHECK(by_tenant("acme", "abc", 4, 12).value() == static_cast<std::int32_t>(expected));
}

TEST_CASE("one tenant touches exactly spread partitions, side by side on the ring") {
  for (const auto* tenant : {"acme", "globex", "initech", ""}) {
    std::set<std::int32_t> touched;
    for (int i = 0; i < 1000; ++i) {
      const auto key = "key-" + std::to_string(i);
      touched.insert(by_tenant(tenant, key, 4, 12).value());
    }
    CHECK(touched.size() == 4);
    const auto first = to_positive(murmur2(tenant)) % 12;
    for (std::uint32_t step = 0; step < 4; ++step) {
      CHECK(touched.count(static_cast<std::int32_t>((first + step) % 12)) == 1);
    }
  }
}

TEST_CASE("a spread above the partition count covers the topic and no more") {
  std::set<std::int32_t> touched;
  for (int i = 0; i < 200; ++i) {
    touched.insert(by_tenant("acme", std::to_string(i), 100, 3).value());
  }
  CHECK(touched == std::set<std::int32_t>{0, 1, 2});
}

TEST_CASE("keyless records of a tenant go round its own partitions") {
  std::set<std::uint32_t> seeds;
  for (std::uint64_t turn = 0; turn < 6; ++turn) {
    seeds.insert(tenant_partition_seed("acme", turn, 3));
  }
  CHECK(seeds.size() == 3);
  CHECK(*seeds.begin() == to_positive(murmur2("acme")));
}

TEST_CASE("a spread or a partition count of zero is taken as one, not divided by") {
  CHECK(by_tenant("acme", "k", 0, 0) == partition_id{0});
  CHECK(partition_by_key("k", 0) == partition_id{0});
}

} // namespace
} // namespace streamer
