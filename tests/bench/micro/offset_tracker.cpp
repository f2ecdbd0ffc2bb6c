#include "actors/consumer/offset_tracker.hpp"
#include "tests/bench/micro/measure.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <random>

namespace streamer::bench {
namespace {

// Receives as many as a batch has, and finishes them in the order given.
class tracked_batches {
 public:
  explicit tracked_batches(std::vector<std::uint64_t> order) : order_{std::move(order)} {}

  std::int64_t operator()() {
    const auto first = tracker_.next_slot().value();
    for (std::size_t i = 0; i < batch_records; ++i) {
      tracker_.receive(offset_id{offset_++}, 0);
    }
    for (const auto i : order_) {
      tracker_.finish(slot_id{first + i});
    }
    return tracker_.frontier()->offset.value();
  }

 private:
  std::vector<std::uint64_t> order_;
  offset_tracker tracker_;
  std::int64_t offset_ = 0;
};

std::vector<std::uint64_t> in_order() {
  std::vector<std::uint64_t> order(batch_records);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST_CASE("offset tracker") {
  measure("offset tracker: receive and finish, in order", batch_records,
          tracked_batches{in_order()});
  auto order = in_order();
  std::shuffle(order.begin(), order.end(), std::mt19937_64{42});
  measure("offset tracker: receive and finish, in any order", batch_records,
          tracked_batches{order});
}

} // namespace
} // namespace streamer::bench
