#include "actors/consumer/work_in_hand.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
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

// 20 records of `bytes` each, in hand since time 0; slots 0 to 19.
struct fetched_batch {
  explicit fetched_batch(std::size_t bytes) {
    auto fetched = std::make_shared<fixture::borrowed_batch>(20, bytes);
    watched = fetched;
    auto work = std::make_shared<work_batch>(std::move(fetched));
    for (std::uint32_t i = 0; i < 20; ++i) {
      work->items.push_back({slot_id{i}, {}, i, 0, 0});
    }
    hand.add(std::move(work));
  }
  /// All but these have ended.
  void keep_copies_of(const std::set<std::uint64_t>& left, std::chrono::milliseconds at) {
    hand.keep_copies(work_in_hand::time_point{} + at,
                     [&](slot_id s) { return left.contains(s.value()); });
  }
  [[nodiscard]] std::size_t held() const {
    return hand.find(slot_id{7})->record().batch->records().size();
  }

  work_in_hand hand;
  std::weak_ptr<const record_batch> watched;
};

TEST_CASE("What is left of a batch is copied once it has been in hand for a while") {
  fetched_batch b{100};
  b.keep_copies_of({7, 8}, buffer_patience - std::chrono::milliseconds{1});
  CHECK_FALSE(b.watched.expired());
  b.keep_copies_of({7, 8}, buffer_patience);
  CHECK(b.watched.expired());
  CHECK(b.held() == 2);
  CHECK(b.hand.find(slot_id{7})->record().get().offset == offset_id{107});
}

TEST_CASE("Copies are copied again when few of them are left, and not before") {
  fetched_batch b{100};
  const std::set<std::uint64_t> all{0, 1, 2, 3, 4, 5, 6, 7};
  for (std::uint64_t i = 8; i < 20; ++i) {
    b.hand.let_go(slot_id{i});
  }
  b.keep_copies_of(all, buffer_patience);
  CHECK(b.held() == 8);
  for (std::uint64_t i = 0; i < 5; ++i) {
    b.hand.let_go(slot_id{i});
  }
  b.keep_copies_of({5, 6, 7}, buffer_patience);
  CHECK(b.held() == 8);
  b.hand.let_go(slot_id{5});
  b.keep_copies_of({6, 7}, buffer_patience);
  CHECK(b.held() == 2);
}

TEST_CASE("A fair part of a batch is not copied, nor is what is large by itself") {
  const auto bytes = GENERATE(std::size_t{2'000}, std::size_t{300'000});
  CAPTURE(bytes);
  fetched_batch b{bytes};
  const bool large = 4 * bytes > largest_copy;
  b.keep_copies_of(
      large ? std::set<std::uint64_t>{6, 7, 8, 9} : std::set<std::uint64_t>{5, 6, 7, 8, 9, 10},
      buffer_patience);
  CHECK_FALSE(b.watched.expired());
  b.keep_copies_of({7, 8}, buffer_patience);
  CHECK(b.watched.expired());
}

TEST_CASE("A few small records are copied though they are all of their batch") {
  fetched_batch b{100};
  std::set<std::uint64_t> all;
  for (std::uint64_t i = 0; i < 20; ++i) {
    all.insert(i);
  }
  b.keep_copies_of(all, buffer_patience);
  CHECK(b.watched.expired());
  CHECK(b.held() == 20);
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
