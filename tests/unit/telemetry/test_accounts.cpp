#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/telemetry/accounts.hpp"

using namespace streamer;

namespace {

record_counts counts_of(std::uint64_t received, std::uint64_t processed) {
  record_counts counts;
  counts.received = received;
  counts.processed = processed;
  counts.pending = received - processed;
  return counts;
}

} // namespace

TEST_CASE("A page shows what was published last, with its state") {
  account_board board;
  auto page = board.open("events", 3);
  page.publish(counts_of(10, 4), {{.queued = 6}, {}, {}, {}});
  page.publish(counts_of(12, 9), {{.queued = 3}, {}, {}, {}});
  const auto accounts = board.snapshot();
  REQUIRE(accounts.size() == 1);
  CHECK(accounts[0].topic == "events");
  CHECK(accounts[0].partition == 3);
  CHECK(accounts[0].records == counts_of(12, 9));
  REQUIRE(accounts[0].state.has_value());
  CHECK(accounts[0].state->lag.queued == 3);
}

TEST_CASE("What is pending when an epoch ends counts as fenced, and the state is gone") {
  account_board board;
  {
    auto page = board.open("events", 0);
    page.publish(counts_of(10, 4), {});
  }
  const auto accounts = board.snapshot();
  REQUIRE(accounts.size() == 1);
  CHECK(accounts[0].records.fenced == 6);
  CHECK(accounts[0].records.pending == 0);
  CHECK(accounts[0].records.balanced());
  CHECK_FALSE(accounts[0].state.has_value());
}

TEST_CASE("The epochs of a partition add up, so that its counters never fall") {
  account_board board;
  std::optional<account_page> first = board.open("events", 0);
  first->publish(counts_of(10, 10), {});
  first.reset();
  auto second = board.open("events", 0);
  CHECK(board.snapshot().at(0).records == counts_of(10, 10));
  second.publish(counts_of(5, 2), {});
  CHECK(board.snapshot().at(0).records == counts_of(15, 12));
}

TEST_CASE("Of two open epochs of a partition both count and the younger one's state is shown") {
  account_board board;
  auto draining = board.open("events", 0);
  auto current = board.open("events", 0);
  current.publish(counts_of(1, 0), {{.unfetched = 7}, {}, {}, {}});
  draining.publish(counts_of(10, 4), {{.unfetched = 99}, {}, {}, {}});
  const auto accounts = board.snapshot();
  REQUIRE(accounts.size() == 1);
  CHECK(accounts[0].records == counts_of(11, 4));
  CHECK(accounts[0].state->lag.unfetched == 7);
}

TEST_CASE("Partitions are shown by topic and number") {
  account_board board;
  const auto c = board.open("orders", 1);
  const auto b = board.open("events", 10);
  const auto a = board.open("events", 9);
  const auto accounts = board.snapshot();
  REQUIRE(accounts.size() == 3);
  CHECK(std::pair{accounts[0].topic, accounts[0].partition} == std::pair{std::string{"events"}, 9});
  CHECK(std::pair{accounts[1].topic, accounts[1].partition} ==
        std::pair{std::string{"events"}, 10});
  CHECK(accounts[2].topic == "orders");
}

TEST_CASE("A page that was closed, moved from or never opened ignores what is published") {
  account_board board;
  auto page = board.open("events", 0);
  auto moved = std::move(page);
  page.publish(counts_of(5, 5), {}); // NOLINT(bugprone-use-after-move): that is the case
  moved.publish(counts_of(2, 1), {});
  moved.close();
  moved.publish(counts_of(9, 9), {});
  account_page{}.publish(counts_of(1, 1), {});
  CHECK(board.snapshot().at(0).records.received == 2);
  CHECK(board.snapshot().at(0).records.fenced == 1);
}

TEST_CASE("Assigning over an open page ends its epoch") {
  account_board board;
  auto page = board.open("events", 0);
  page.publish(counts_of(3, 1), {});
  page = board.open("events", 1);
  CHECK(board.snapshot().at(0).records.fenced == 2);
  CHECK(board.snapshot().at(1).records.received == 0);
}

TEST_CASE("A page may outlive its board") {
  auto board = std::make_unique<account_board>();
  auto page = board->open("events", 0);
  board.reset();
  page.publish(counts_of(1, 1), {});
  page.close();
  account_board next;
  page = next.open("events", 0);
  page.publish(counts_of(2, 1), {});
  CHECK(next.snapshot().at(0).records.received == 2);
}

TEST_CASE("The books balance at every snapshot while several threads publish and reopen") {
  account_board board;
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int partition = 0; partition < 3; ++partition) {
    writers.emplace_back([&board, &stop, partition] {
      while (!stop) {
        auto page = board.open("events", partition);
        for (std::uint64_t i = 1; i <= 100; ++i) {
          page.publish(counts_of(i * 10, i * 7), {});
        }
      }
    });
  }
  std::uint64_t last_total = 0;
  bool balanced = true;
  bool grows = true;
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t total = 0;
    for (const auto& account : board.snapshot()) {
      balanced = balanced && account.records.balanced();
      total += account.records.received;
    }
    grows = grows && total >= last_total;
    last_total = total;
  }
  stop = true;
  for (auto& writer : writers) {
    writer.join();
  }
  CHECK(balanced);
  CHECK(grows);
}
