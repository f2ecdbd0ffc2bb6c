#include "actors/tenant/key_lanes.hpp"
#include "tests/bench/micro/measure.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

namespace streamer::bench {
namespace {

// A batch of records of some keys goes through: those whose lane is taken wait for it.
class laned_batches {
 public:
  explicit laned_batches(std::uint64_t keys) {
    std::mt19937_64 random{42};
    for (std::size_t i = 0; i < batch_records; ++i) {
      keys_.push_back(1 + random() % keys);
    }
  }

  std::uint64_t operator()() {
    std::uint64_t run = 0;
    for (std::size_t i = 0; i < batch_records; ++i) {
      const lane_id lane{keys_[i]};
      const lane_owner owner{assignment_epoch{1}, slot_id{i}};
      if (lanes_.occupy(lane, owner)) {
        running_.emplace_back(lane, owner);
      } else {
        lanes_.wait(lane, owner, i);
      }
    }
    for (std::size_t i = 0; i < running_.size(); ++i) {
      ++run;
      const auto [lane, owner] = running_[i];
      if (const auto next = lanes_.release(lane, owner)) {
        running_.emplace_back(lane, lane_owner{assignment_epoch{1}, slot_id{*next}});
      }
    }
    running_.clear();
    return run;
  }

 private:
  std::vector<std::uint64_t> keys_;
  key_lanes<std::size_t> lanes_;
  std::vector<std::pair<lane_id, lane_owner>> running_;
};

TEST_CASE("key lanes") {
  measure("key lanes: 1,000,000 keys, hardly any of them twice", batch_records,
          laned_batches{1'000'000});
  measure("key lanes: 10 keys, nearly all records wait", batch_records, laned_batches{10});
}

} // namespace
} // namespace streamer::bench
