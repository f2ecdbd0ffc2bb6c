#include "actors/consumer/redrive_lane.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace streamer {
namespace {

using names = std::vector<std::string>;

TEST_CASE("A lane belongs to one topic and one group") {
  const auto lane = lane_topic_of("orders.v1", "booking");
  CHECK(lane == "orders.v1.redrive.booking");
  CHECK(lane_source(lane, "booking") == "orders.v1");
  CHECK_FALSE(lane_source(lane, "ooking"));
  CHECK_FALSE(lane_source(lane, "other"));
  CHECK_FALSE(lane_source("orders.v1", "booking"));
  CHECK_FALSE(lane_source(".redrive.booking", "booking"));
}

TEST_CASE("Each input's lane is read beside it") {
  CHECK(lane_subscriptions({"a", "b.c"}, "g", lane_naming::by_name) ==
        names{"a.redrive.g", "b.c.redrive.g"});
  CHECK(lane_subscriptions({"b.c"}, "g.1", lane_naming::by_pattern) ==
        names{"^b\\.c\\.redrive\\.g\\.1$"});
  CHECK(lane_subscriptions({"^orders", "a", "^users"}, "g.1", lane_naming::by_name) ==
        names{"^.+\\.redrive\\.g\\.1$", "a.redrive.g.1"});
}

TEST_CASE("A lane whose name would be no topic's, or that is an input by name, is not asked for") {
  CHECK(lane_subscriptions({"a", "^b"}, "my group", lane_naming::by_name).empty());
  CHECK(lane_subscriptions({std::string(245, 'a')}, "g", lane_naming::by_name).empty());
  CHECK(lane_subscriptions({"a", "a.redrive.g"}, "g", lane_naming::by_name) ==
        names{"a.redrive.g.redrive.g"});
}

TEST_CASE("A pattern's catch of another group's lane is told from an input of such a name") {
  const auto orders = [](std::string_view name) { return name.starts_with("orders"); };
  CHECK(is_foreign_lane("orders.redrive.other", "g", {"^orders"}, orders));
  CHECK_FALSE(is_foreign_lane("orders.redrive.g", "g", {"^orders"}, orders));
  CHECK_FALSE(is_foreign_lane("orders.redrive.other", "g", {"orders.redrive.other"}, orders));
  CHECK_FALSE(is_foreign_lane("users.redrive.other", "g", {"^orders"}, orders));
  CHECK_FALSE(is_foreign_lane("orders.redrive.", "g", {"^orders"}, orders));
  CHECK_FALSE(is_foreign_lane("orders", "g", {"^orders"}, orders));
}

} // namespace
} // namespace streamer
