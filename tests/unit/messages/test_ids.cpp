#include "messages/ids.hpp"

#include <catch2/catch_test_macros.hpp>

#include <type_traits>
#include <unordered_set>

namespace streamer {
namespace {

static_assert(!std::is_convertible_v<std::int64_t, offset_id>);
static_assert(!std::is_convertible_v<offset_id, std::int64_t>);
static_assert(!std::is_convertible_v<offset_id, slot_id>);
static_assert(!std::is_constructible_v<offset_id, partition_id>);

TEST_CASE("An id is ordered by its value and has a successor") {
  CHECK(offset_id{} == offset_id{0});
  CHECK(offset_id{-1} < offset_id{0});
  CHECK(offset_id{41}.next() == offset_id{42});
  CHECK(partition_id{3}.value() == 3);
}

TEST_CASE("Partitions of one topic are distinct keys of a hash table") {
  std::unordered_set<topic_partition> seen;
  for (std::int32_t p = 0; p < 100; ++p) {
    seen.insert({"orders", partition_id{p}});
    seen.insert({"users", partition_id{p}});
    seen.insert({"orders", partition_id{p}});
  }
  CHECK(seen.size() == 200);
}

TEST_CASE("A partition is shown as Kafka's tools show it") {
  CHECK(to_string(topic_partition{"orders", partition_id{7}}) == "orders[7]");
}

} // namespace
} // namespace streamer
