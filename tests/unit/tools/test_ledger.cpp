#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tools/load_test/ledger.hpp"
#include "tools/load_test/random.hpp"

namespace streamer::tools {
namespace {

void send(ledger& book, std::uint32_t lane, int count) {
  for (int i = 0; i < count; ++i)
    (void)book.next(lane);
}

TEST_CASE("what arrives once and in order is clean") {
  ledger book{2};
  for (std::uint32_t lane : {0U, 1U}) {
    for (int i = 0; i < 5; ++i)
      book.arrived(lane, book.next(lane));
  }
  const auto judged = book.judge();
  CHECK(judged.clean());
  CHECK(judged.sent == 10);
  CHECK(judged.arrived == 10);
  CHECK(book.outstanding() == 0);
}

TEST_CASE("what never arrives is lost, at the end and in the middle of a lane") {
  ledger book{1};
  send(book, 0, 6);
  for (std::uint64_t sequence : {0U, 1U, 3U})
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK(judged.lost == 3);
  CHECK(judged.out_of_order == 0);
  CHECK(book.outstanding() == 3);
  CHECK_FALSE(judged.clean());
}

TEST_CASE("a second arrival is a duplicate, not a reordering") {
  ledger book{1};
  send(book, 0, 3);
  for (std::uint64_t sequence : {0U, 1U, 2U, 1U, 0U, 2U})
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK(judged.duplicated == 3);
  CHECK(judged.out_of_order == 0);
  CHECK(judged.lost == 0);
  CHECK(judged.arrived == 3);
}

TEST_CASE("a first arrival after a later event of its lane is out of order, and not lost") {
  ledger book{1};
  send(book, 0, 4);
  for (std::uint64_t sequence : {0U, 3U, 1U, 2U})
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK(judged.out_of_order == 2);
  CHECK(judged.lost == 0);
  CHECK(judged.duplicated == 0);
  CHECK(judged.arrived == 4);
}

TEST_CASE("a straggler that arrives twice is one reordering and one duplicate") {
  ledger book{1};
  send(book, 0, 3);
  for (std::uint64_t sequence : {0U, 2U, 1U, 1U})
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK(judged.out_of_order == 1);
  CHECK(judged.duplicated == 1);
}

TEST_CASE("lanes do not see each other") {
  ledger book{2};
  send(book, 0, 2);
  send(book, 1, 2);
  book.arrived(0, 1);
  book.arrived(1, 0);
  book.arrived(0, 0);
  book.arrived(1, 1);
  const auto judged = book.judge();
  CHECK(judged.out_of_order == 1);
  CHECK(judged.lost == 0);
}

TEST_CASE("what was never sent is invented") {
  ledger book{1};
  send(book, 0, 1);
  book.arrived(0, 1);
  book.arrived(7, 0);
  CHECK(book.judge().invented == 2);
}

TEST_CASE("a refused event may arrive or not, and neither is a fault") {
  ledger book{1};
  send(book, 0, 4);
  book.refused(0, 1);
  book.refused(0, 3);
  for (std::uint64_t sequence : {0U, 1U, 2U})
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK(judged.clean());
  CHECK(judged.refused == 2);
  CHECK(book.outstanding() == 0);
}

TEST_CASE("an event may arrive before its refusal does") {
  ledger book{1};
  send(book, 0, 2);
  book.arrived(0, 0);
  book.arrived(0, 1);
  book.refused(0, 1);
  CHECK(book.judge().clean());
  CHECK(book.outstanding() == 0);
}

TEST_CASE("a refusal in a gap is not counted as lost, its neighbours are") {
  ledger book{1};
  send(book, 0, 5);
  book.arrived(0, 0);
  book.arrived(0, 4);
  book.refused(0, 2);
  CHECK(book.judge().lost == 2);
  CHECK(book.outstanding() == 2);
}

TEST_CASE("a refusal counts once, and not for an event that was never sent") {
  ledger book{1};
  send(book, 0, 1);
  book.refused(0, 0);
  book.refused(0, 0);
  book.refused(0, 9);
  book.refused(9, 0);
  CHECK(book.judge().refused == 1);
}

TEST_CASE("beyond its capacity the ledger says that it is not exact") {
  ledger book{1, 2};
  send(book, 0, 20);
  for (std::uint64_t sequence = 1; sequence < 12; sequence += 2)
    book.arrived(0, sequence);
  const auto judged = book.judge();
  CHECK_FALSE(judged.exact);
  CHECK_FALSE(judged.clean());
}

TEST_CASE("the counts agree with a plain model under random faults") {
  random_source random{20261123};
  for (int round = 0; round < 50; ++round) {
    constexpr std::uint32_t lanes = 4;
    ledger book{lanes};
    std::vector<std::pair<std::uint32_t, std::uint64_t>> deliveries;
    std::set<std::pair<std::uint32_t, std::uint64_t>> refused;
    std::set<std::pair<std::uint32_t, std::uint64_t>> dropped;
    for (int i = 0; i < 200; ++i) {
      const auto lane = static_cast<std::uint32_t>(random.below(lanes));
      const std::pair event{lane, book.next(lane)};
      if (random.below(20) == 0) refused.insert(event);
      if (random.below(20) == 0) {
        dropped.insert(event);
        continue;
      }
      deliveries.push_back(event);
      if (random.below(10) == 0) deliveries.push_back(event);
      if (deliveries.size() > 3 && random.below(5) == 0) {
        std::swap(deliveries.back(), deliveries[deliveries.size() - 3]);
      }
    }
    verdict expected;
    expected.sent = 200;
    expected.refused = refused.size();
    std::set<std::pair<std::uint32_t, std::uint64_t>> seen;
    std::map<std::uint32_t, std::uint64_t> highest;
    for (const auto& event : deliveries) {
      book.arrived(event.first, event.second);
      if (!seen.insert(event).second) {
        ++expected.duplicated;
        continue;
      }
      const auto [place, first] = highest.try_emplace(event.first, event.second);
      if (!first && event.second < place->second) ++expected.out_of_order;
      place->second = std::max(place->second, event.second);
    }
    for (const auto& event : refused)
      book.refused(event.first, event.second);
    expected.arrived = seen.size();
    expected.lost = static_cast<std::uint64_t>(
        std::ranges::count_if(dropped, [&](const auto& e) { return !refused.contains(e); }));
    CHECK(book.judge() == expected);
    CHECK(book.outstanding() == static_cast<std::int64_t>(expected.lost));
  }
}

} // namespace
} // namespace streamer::tools
