#include "actors/tenant/key_lanes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace streamer {
namespace {

constexpr lane_id lane_a{11};
constexpr lane_id lane_b{12};

constexpr lane_owner at(std::uint64_t epoch, std::uint64_t slot) {
  return {assignment_epoch{epoch}, slot_id{slot}};
}

TEST_CASE("A lane is taken by one record; others of its key wait and follow in their order") {
  key_lanes<int> lanes;
  CHECK_FALSE(lanes.busy(lane_a));
  CHECK(lanes.occupy(lane_a, at(1, 0)));
  CHECK(lanes.busy(lane_a));
  CHECK_FALSE(lanes.occupy(lane_a, at(1, 1)));
  lanes.wait(lane_a, at(1, 1), 101);
  lanes.wait(lane_a, at(1, 2), 102);
  CHECK(lanes.waiting() == 2);
  CHECK(lanes.release(lane_a, at(1, 0)) == 101);
  CHECK(lanes.release(lane_a, at(1, 1)) == 102);
  CHECK(lanes.waiting() == 0);
  CHECK(lanes.busy(lane_a));
  CHECK_FALSE(lanes.release(lane_a, at(1, 2)).has_value());
  CHECK_FALSE(lanes.busy(lane_a));
  CHECK(lanes.empty());
}

TEST_CASE("One key does not hold another back") {
  key_lanes<int> lanes;
  CHECK(lanes.occupy(lane_a, at(1, 0)));
  lanes.wait(lane_a, at(1, 1), 101);
  CHECK(lanes.occupy(lane_b, at(1, 2)));
  CHECK(lanes.lanes() == 2);
  CHECK_FALSE(lanes.release(lane_b, at(1, 2)).has_value());
  CHECK(lanes.busy(lane_a));
  CHECK_FALSE(lanes.busy(lane_b));
}

TEST_CASE("Only its owner gives a lane free: neither another slot nor another epoch does") {
  key_lanes<int> lanes;
  REQUIRE(lanes.occupy(lane_a, at(1, 5)));
  lanes.wait(lane_a, at(1, 6), 106);
  CHECK_FALSE(lanes.release(lane_a, at(1, 6)).has_value());
  CHECK_FALSE(lanes.release(lane_a, at(2, 5)).has_value());
  CHECK_FALSE(lanes.release(lane_b, at(1, 5)).has_value());
  CHECK(lanes.waiting() == 1);
  CHECK(lanes.release(lane_a, at(1, 5)) == 106);
  CHECK_FALSE(lanes.release(lane_a, at(1, 5)).has_value());
  CHECK(lanes.busy(lane_a));
}

TEST_CASE("The waiting records of an epoch that ended are taken out, the others keep their order") {
  key_lanes<int> lanes;
  REQUIRE(lanes.occupy(lane_a, at(1, 0)));
  lanes.wait(lane_a, at(1, 1), 101);
  lanes.wait(lane_a, at(2, 1), 201);
  lanes.wait(lane_a, at(1, 2), 102);
  lanes.wait(lane_a, at(2, 2), 202);
  CHECK(lanes.remove_waiting(assignment_epoch{1}) == std::vector{101, 102});
  CHECK(lanes.waiting() == 2);
  lanes.wait(lane_a, at(2, 3), 203);
  CHECK(lanes.release(lane_a, at(1, 0)) == 201);
  CHECK(lanes.release(lane_a, at(2, 1)) == 202);
  CHECK(lanes.release(lane_a, at(2, 2)) == 203);
}

TEST_CASE("A lane whose every waiting record was taken out still takes new ones") {
  key_lanes<int> lanes;
  REQUIRE(lanes.occupy(lane_a, at(1, 0)));
  lanes.wait(lane_a, at(2, 1), 201);
  CHECK(lanes.remove_waiting(assignment_epoch{2}) == std::vector{201});
  lanes.wait(lane_a, at(1, 1), 101);
  CHECK(lanes.release(lane_a, at(1, 0)) == 101);
  CHECK_FALSE(lanes.release(lane_a, at(1, 1)).has_value());
  CHECK(lanes.empty());
}

TEST_CASE("When an epoch ends, the next record of each lane that it owned may run") {
  key_lanes<int> lanes;
  REQUIRE(lanes.occupy(lane_a, at(1, 0)));
  lanes.wait(lane_a, at(2, 0), 200);
  lanes.wait(lane_a, at(2, 1), 201);
  REQUIRE(lanes.occupy(lane_b, at(1, 1)));
  REQUIRE(lanes.occupy(lane_id{13}, at(2, 2)));
  lanes.wait(lane_id{13}, at(2, 3), 203);
  CHECK(lanes.release_owned_by(assignment_epoch{1}) == std::vector{200});
  CHECK_FALSE(lanes.busy(lane_b));
  CHECK(lanes.busy(lane_a));
  CHECK(lanes.lanes() == 2);
  CHECK(lanes.release(lane_a, at(2, 0)) == 201);
  CHECK(lanes.release(lane_id{13}, at(2, 2)) == 203);
}

TEST_CASE("Items that can only be moved pass through, and are freed with the lanes") {
  const auto watched = std::make_shared<int>(7);
  {
    key_lanes<std::unique_ptr<std::shared_ptr<int>>> lanes;
    REQUIRE(lanes.occupy(lane_a, at(1, 0)));
    for (std::uint64_t slot = 1; slot <= 100; ++slot) {
      lanes.wait(lane_a, at(1, slot), std::make_unique<std::shared_ptr<int>>(watched));
    }
    {
      const auto next = lanes.release(lane_a, at(1, 0));
      REQUIRE(next.has_value());
      CHECK(**next == watched);
    }
    CHECK(watched.use_count() == 100);
  }
  CHECK(watched.use_count() == 1);
}

} // namespace
} // namespace streamer
