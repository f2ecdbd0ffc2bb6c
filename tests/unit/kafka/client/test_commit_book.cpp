#include "runtime/kafka/commit_book.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

constexpr assignment_epoch one{1};
constexpr assignment_epoch two{2};

commit_request request(assignment_epoch epoch, std::int64_t offset, std::string metadata = {}) {
  return {epoch, offset_id{offset}, -1, std::move(metadata)};
}

std::vector<commit_book::ending> all(std::initializer_list<assignment_epoch> epochs,
                                     commit_state state) {
  std::vector<commit_book::ending> endings;
  for (const auto epoch : epochs) {
    endings.push_back({epoch, state, ""});
  }
  return endings;
}

} // namespace

TEST_CASE("requests that wait go out together, one request at a time") {
  commit_book book;
  CHECK(book.settled());
  CHECK_FALSE(book.due());
  book.enter(request(one, 5));
  book.enter(request(two, 7));
  REQUIRE(book.due());
  CHECK(book.send().size() == 2);
  book.enter(request(one, 6));
  CHECK_FALSE(book.due());
  CHECK(book.busy());
  CHECK(book.send().empty());
  CHECK(book.finish(all({one, two}, commit_state::committed)).size() == 2);
  REQUIRE(book.due());
  CHECK(book.send()[0].offset == offset_id{6});
}

TEST_CASE("of what waits for one epoch the newest goes out and is answered") {
  commit_book book;
  book.enter(request(one, 5));
  book.enter(request(one, 9));
  REQUIRE(book.send().size() == 1);
  const auto told = book.finish(all({one}, commit_state::again));
  REQUIRE(told.size() == 1);
  CHECK(told[0].offset == offset_id{9});
  CHECK(told[0].state == commit_state::again);
  CHECK(book.settled());
}

TEST_CASE("a last request is repeated until it is committed, and nobody is told") {
  commit_book book;
  book.enter_last(request(one, 5, "m"));
  REQUIRE(book.send().size() == 1);
  CHECK_FALSE(book.settled(one));
  CHECK(book.finish(all({one}, commit_state::again)).empty());
  const auto again = book.send();
  REQUIRE(again.size() == 1);
  CHECK(again[0].metadata == "m");
  CHECK(book.finish(all({one}, commit_state::committed)).empty());
  CHECK(book.settled(one));
}

TEST_CASE("a last request whose metadata is too large goes out without it") {
  commit_book book;
  book.enter_last(request(one, 5, "too much"));
  static_cast<void>(book.send());
  CHECK(book.finish(all({one}, commit_state::metadata_too_large)).empty());
  const auto again = book.send();
  REQUIRE(again.size() == 1);
  CHECK(again[0].offset == offset_id{5});
  CHECK(again[0].metadata.empty());
}

TEST_CASE("a last request that is stale ends") {
  commit_book book;
  book.enter_last(request(one, 5));
  static_cast<void>(book.send());
  CHECK(book.finish(all({one}, commit_state::stale)).empty());
  CHECK(book.settled());
}

TEST_CASE("nothing overtakes a last request of its epoch") {
  commit_book book;
  book.enter_last(request(one, 8));
  book.enter(request(one, 5));
  CHECK(book.send()[0].offset == offset_id{8});
  book.enter(request(one, 5));
  CHECK(book.finish(all({one}, commit_state::committed)).empty());
  CHECK(book.settled());
}

TEST_CASE("a last request replaces one that waits, and follows one that is on its way") {
  commit_book book;
  book.enter(request(one, 3));
  static_cast<void>(book.send());
  book.enter(request(one, 4));
  book.enter_last(request(one, 6));
  CHECK(book.finish(all({one}, commit_state::committed)).size() == 1);
  CHECK(book.send()[0].offset == offset_id{6});
}

TEST_CASE("an epoch that ended is answered no more") {
  commit_book book;
  book.enter(request(one, 3));
  book.enter(request(two, 3));
  static_cast<void>(book.send());
  book.enter(request(one, 4));
  book.forget(one);
  CHECK(book.settled(one));
  CHECK_FALSE(book.settled(two));
  const auto told = book.finish(all({one, two}, commit_state::committed));
  REQUIRE(told.size() == 1);
  CHECK(told[0].epoch == two);
  CHECK(book.settled());
}

} // namespace streamer
