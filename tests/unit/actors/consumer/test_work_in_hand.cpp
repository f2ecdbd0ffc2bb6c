#include "actors/consumer/work_in_hand.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace streamer {
namespace {

std::shared_ptr<work_batch> batch_of(const std::vector<std::uint64_t>& slots) {
  auto batch = std::make_shared<work_batch>();
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    batch->items.push_back({slot_id{slots[i]}, {}, i, 0, 0});
  }
  return batch;
}

TEST_CASE("A record in hand is found by its slot, with its batch and place") {
  work_in_hand hand;
  const auto first = batch_of({0, 1, 4});
  const auto second = batch_of({6, 7});
  hand.add(first);
  hand.add(second);
  REQUIRE(hand.find(slot_id{4}).has_value());
  CHECK(hand.find(slot_id{4})->batch == first);
  CHECK(hand.find(slot_id{4})->item == 2);
  CHECK(hand.find(slot_id{6})->batch == second);
  CHECK(hand.find(slot_id{7})->get().slot == slot_id{7});
  for (const std::uint64_t missing : {2U, 3U, 5U, 8U}) {
    CAPTURE(missing);
    CHECK_FALSE(hand.find(slot_id{missing}).has_value());
  }
}

TEST_CASE("A batch is held until each of its items was let go, and no longer") {
  work_in_hand hand;
  auto batch = batch_of({0, 1, 2});
  const std::weak_ptr<work_batch> watched = batch;
  hand.add(std::move(batch));
  hand.let_go(slot_id{1});
  hand.let_go(slot_id{0});
  CHECK_FALSE(watched.expired());
  CHECK(hand.find(slot_id{2}).has_value());
  hand.let_go(slot_id{2});
  CHECK(watched.expired());
  CHECK(hand.empty());
}

TEST_CASE("Items of one batch may be let go by number and by slot") {
  work_in_hand hand;
  const auto before = batch_of({0});
  const auto batch = batch_of({1, 2, 3, 4});
  hand.add(before);
  hand.add(batch);
  hand.let_go(batch.get(), 3);
  CHECK(hand.find(slot_id{4}).has_value());
  hand.let_go(slot_id{2});
  CHECK(batch.use_count() == 1);
  CHECK(hand.find(slot_id{0}).has_value());
}

TEST_CASE("A batch in the middle is let go while an older one is still held") {
  work_in_hand hand;
  const auto old = batch_of({0});
  auto middle = batch_of({1, 2});
  const auto young = batch_of({3});
  const std::weak_ptr<work_batch> watched = middle;
  const auto* const id = middle.get();
  hand.add(old);
  hand.add(std::move(middle));
  hand.add(young);
  hand.let_go(id, 2);
  CHECK(watched.expired());
  CHECK_FALSE(hand.find(slot_id{1}).has_value());
  CHECK(hand.find(slot_id{0}).has_value());
  CHECK(hand.find(slot_id{3}).has_value());
}

TEST_CASE("A batch is let go though it lies where a finished one lay in memory") {
  work_in_hand hand;
  const auto old = batch_of({0});
  hand.add(old);
  work_batch memory;
  const auto placed = [&](std::uint64_t slot) {
    memory.items = {{slot_id{slot}, {}, 0, 0, 0}};
    return std::shared_ptr<work_batch>{&memory, [](work_batch*) {}};
  };
  hand.add(placed(1));
  hand.let_go(&memory, 1);
  auto again = placed(2);
  const std::weak_ptr<work_batch> watched = again;
  hand.add(std::move(again));
  hand.let_go(&memory, 1);
  CHECK(watched.expired());
  CHECK_FALSE(hand.find(slot_id{2}).has_value());
  hand.let_go(slot_id{0});
  CHECK(hand.empty());
}

TEST_CASE("A batch without items is not held") {
  work_in_hand hand;
  const auto batch = batch_of({});
  hand.add(batch);
  CHECK(hand.empty());
  CHECK(batch.use_count() == 1);
}

TEST_CASE("What is let go and unknown changes nothing") {
  work_in_hand hand;
  hand.let_go(slot_id{0});
  const auto stranger = batch_of({9});
  hand.let_go(stranger.get(), 1);
  const auto batch = batch_of({5});
  hand.add(batch);
  hand.let_go(slot_id{4});
  hand.let_go(stranger.get(), 1);
  CHECK(hand.find(slot_id{5}).has_value());
}

TEST_CASE("All held items are visited in the order of their slots") {
  work_in_hand hand;
  const auto first = batch_of({0, 2});
  const auto second = batch_of({3});
  const auto third = batch_of({5, 6});
  hand.add(first);
  hand.add(second);
  hand.add(third);
  hand.let_go(slot_id{3});
  hand.let_go(slot_id{0});
  std::vector<std::uint64_t> visited;
  hand.for_each([&](const work_in_hand::place& p) { visited.push_back(p.get().slot.value()); });
  CHECK(visited == std::vector<std::uint64_t>{0, 2, 5, 6});
  hand.clear();
  CHECK(hand.empty());
  CHECK(first.use_count() == 1);
}

TEST_CASE("Whatever the order, each batch's memory is free once its last item is done") {
  const std::uint64_t seed = GENERATE(301U, 302U, 303U, 304U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  work_in_hand hand;
  struct held {
    std::weak_ptr<work_batch> batch;
    const work_batch* id;
    std::vector<std::uint64_t> slots;
  };
  std::vector<held> model;
  std::uint64_t next = 0;
  for (int step = 0; step < 5000; ++step) {
    CAPTURE(step);
    if (model.size() < 30 && random() % 3 == 0) {
      std::vector<std::uint64_t> slots;
      for (auto n = random() % 6 + 1; n > 0; --n) {
        next += random() % 3 + 1;
        slots.push_back(next);
      }
      auto batch = batch_of(slots);
      model.push_back({batch, batch.get(), std::move(slots)});
      hand.add(std::move(batch));
    } else if (!model.empty()) {
      // The oldest batch is seldom served, so that finished ones pile up behind it.
      const auto at = random() % 50 == 0 ? 0 : random() % model.size();
      auto& m = model[at];
      if (random() % 2 == 0) {
        hand.let_go(m.id, m.slots.size());
        m.slots.clear();
      } else {
        const auto place = hand.find(slot_id{m.slots.back()});
        REQUIRE(place.has_value());
        REQUIRE(place->batch.get() == m.id);
        hand.let_go(slot_id{m.slots.back()});
        m.slots.pop_back();
      }
      if (m.slots.empty()) {
        REQUIRE(m.batch.expired());
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    REQUIRE(hand.empty() == model.empty());
    for (const auto& m : model) {
      REQUIRE_FALSE(m.batch.expired());
    }
  }
}

} // namespace
} // namespace streamer
