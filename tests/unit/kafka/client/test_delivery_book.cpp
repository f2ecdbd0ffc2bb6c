#include "runtime/kafka/delivery_book.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace streamer {
namespace {

event_batch_ptr batch_of(int count, const std::string& prefix) {
  event_batch batch(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    batch[static_cast<std::size_t>(i)].value = prefix + std::to_string(i);
  }
  return std::make_shared<const event_batch>(std::move(batch));
}

std::string hand_over_next(delivery_book& book) {
  auto* const which = book.next();
  if (which == nullptr) {
    return {};
  }
  book.hand_over(*which);
  return *which->event().value;
}

delivery_result at(std::int64_t offset) {
  delivery_result result;
  result.offset = offset_id{offset};
  return result;
}

} // namespace

TEST_CASE("events are handed over in the order of submission") {
  delivery_book book;
  CHECK(book.next() == nullptr);
  book.enter(1, batch_of(2, "a"));
  book.enter(2, batch_of(1, "b"));
  CHECK(hand_over_next(book) == "a0");
  CHECK(hand_over_next(book) == "a1");
  CHECK(hand_over_next(book) == "b0");
  CHECK(book.next() == nullptr);
  book.enter(3, batch_of(1, "c"));
  CHECK(hand_over_next(book) == "c0");
  CHECK(book.waiting() == 4);
}

TEST_CASE("an event that is refused by a full queue is offered again") {
  delivery_book book;
  book.enter(1, batch_of(2, "a"));
  CHECK(book.next() == book.next());
}

TEST_CASE("a request is told once, with each result in its place, when its last event ends") {
  delivery_book book;
  book.enter(7, batch_of(3, "a"));
  std::vector<delivery_book::slot*> slots;
  while (auto* which = book.next()) {
    book.hand_over(*which);
    slots.push_back(which);
  }
  CHECK(book.settle(*slots[2], at(12)) == nullptr);
  CHECK(book.settle(*slots[2], at(99)) == nullptr);
  CHECK(book.settle(*slots[0], at(10)) == nullptr);
  const auto* const done = book.settle(*slots[1], at(11));
  REQUIRE(done != nullptr);
  CHECK(done->id == 7);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(done->results[i].offset == offset_id{static_cast<std::int64_t>(10 + i)});
  }
  book.take(*done);
  CHECK(book.waiting() == 0);
  CHECK(book.next() == nullptr);
}

TEST_CASE("after a rewind everything not settled is handed over again, in order") {
  delivery_book book;
  book.enter(1, batch_of(3, "a"));
  book.enter(2, batch_of(2, "b"));
  auto* const first = book.next();
  book.hand_over(*first);
  auto* const second = book.next();
  book.hand_over(*second);
  CHECK(hand_over_next(book) == "a2");
  CHECK(hand_over_next(book) == "b0");
  CHECK(book.settle(*second, at(1)) == nullptr);
  book.rewind();
  CHECK(hand_over_next(book) == "a0");
  CHECK(hand_over_next(book) == "a2");
  CHECK(hand_over_next(book) == "b0");
  CHECK(hand_over_next(book) == "b1");
  CHECK(book.next() == nullptr);
}

TEST_CASE("an event may end without having been handed over, also the last of its request") {
  delivery_book book;
  book.enter(1, batch_of(1, "a"));
  book.enter(2, batch_of(1, "b"));
  const auto* const done = book.settle(*book.next(), at(0));
  REQUIRE(done != nullptr);
  book.take(*done);
  CHECK(hand_over_next(book) == "b0");
}

} // namespace streamer
