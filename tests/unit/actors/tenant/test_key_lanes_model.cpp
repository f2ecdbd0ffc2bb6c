#include "actors/tenant/key_lanes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace streamer {
namespace {

struct lane_item {
  lane_id lane;
  lane_owner as;
  friend bool operator==(const lane_item&, const lane_item&) = default;
};

// A tenant's work under random arrivals, ends and lost partitions, beside a model that keeps one
// plain queue a lane, its running record first.
struct lane_world {
  std::mt19937_64 random;
  key_lanes<lane_item> lanes = {};
  std::map<lane_id, std::deque<lane_item>> model = {};
  std::vector<lane_item> running = {};
  std::uint64_t next_slot = 0;
  std::size_t arrived = 0;
  std::size_t ended = 0;

  std::size_t below(std::size_t n) { return random() % n; }

  void start(const lane_item& item) {
    const auto same_key = std::any_of(running.begin(), running.end(),
                                      [&](const auto& r) { return r.lane == item.lane; });
    REQUIRE_FALSE(same_key);
    REQUIRE(model[item.lane].front() == item);
    running.push_back(item);
  }

  void arrive(std::uint64_t epoch) {
    // A few keys get most records, as in life.
    const lane_id lane{1 + below(below(2) == 0 ? 4 : 60)};
    const lane_item item{lane, {assignment_epoch{epoch}, slot_id{next_slot++}}};
    ++arrived;
    model[lane].push_back(item);
    REQUIRE(lanes.busy(lane) == (model[lane].size() > 1));
    if (lanes.occupy(lane, item.as)) {
      start(item);
    } else {
      lanes.wait(lane, item.as, item);
    }
  }

  void end_one() {
    const auto i = below(running.size());
    const auto item = running[i];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    ++ended;
    model[item.lane].pop_front();
    const auto next = lanes.release(item.lane, item.as);
    REQUIRE(next.has_value() == !model[item.lane].empty());
    if (next) {
      start(*next);
    } else {
      model.erase(item.lane);
    }
  }

  void lose(std::uint64_t number) {
    const assignment_epoch epoch{number};
    std::map<lane_id, std::vector<lane_item>> waiting;
    for (auto& [lane, queue] : model) {
      for (std::size_t i = 1; i < queue.size();) {
        if (queue[i].as.epoch == epoch) {
          waiting[lane].push_back(queue[i]);
          queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
          ++i;
        }
      }
    }
    std::map<lane_id, std::vector<lane_item>> removed;
    for (const auto& item : lanes.remove_waiting(epoch)) {
      removed[item.lane].push_back(item);
      ++ended;
    }
    REQUIRE(removed == waiting);

    std::set<lane_id> successors;
    for (auto queue = model.begin(); queue != model.end();) {
      if (queue->second.front().as.epoch != epoch) {
        ++queue;
        continue;
      }
      ++ended;
      std::erase(running, queue->second.front());
      queue->second.pop_front();
      if (queue->second.empty()) {
        queue = model.erase(queue);
      } else {
        successors.insert(queue->first);
        ++queue;
      }
    }
    const auto next = lanes.release_owned_by(epoch);
    REQUIRE(next.size() == successors.size());
    for (const auto& item : next) {
      REQUIRE(successors.contains(item.lane));
      start(item);
    }
  }

  void check() const {
    std::size_t waiting = 0;
    for (const auto& [lane, queue] : model) {
      waiting += queue.size() - 1;
    }
    REQUIRE(lanes.lanes() == model.size());
    REQUIRE(lanes.waiting() == waiting);
    REQUIRE(running.size() == model.size());
    REQUIRE(lanes.empty() == model.empty());
  }
};

TEST_CASE("Never are two records of a key in work; a key's order is kept and nothing is lost") {
  const std::uint64_t seed = GENERATE(401U, 402U, 403U, 404U, 405U, 406U);
  CAPTURE(seed);
  lane_world world{std::mt19937_64{seed}};
  for (int step = 0; step < 6000; ++step) {
    CAPTURE(step);
    const auto dice = world.below(1000);
    const auto filling = step / 500 % 2 == 0;
    if (dice < 5) {
      world.lose(1 + world.below(3));
    } else if (dice < (filling ? 650U : 300U)) {
      world.arrive(1 + world.below(3));
    } else if (!world.running.empty()) {
      world.end_one();
    }
    world.check();
  }
  while (!world.running.empty()) {
    world.end_one();
  }
  world.check();
  CHECK(world.lanes.empty());
  CHECK(world.ended == world.arrived);
  CHECK(world.arrived > 2000);
}

} // namespace
} // namespace streamer
