// Outputs that refuse: for now, and for good.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer::test;

TEST_CASE(
    "An output that refuses for now holds the records, costs no attempt and commits nothing") {
  // Three in-sync replicas asked for while one of three brokers is down: NOT_ENOUGH_REPLICAS.
  private_cluster cluster{3};
  const scenario s{cluster.bootstrap(),
                   {.partitions = 2, .output = {{"min.insync.replicas", "3"}}}};
  cluster.stop_broker(3);
  const auto config = s.scripted("scripted_async");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.run({.rate = 500, .seed = chosen_seed()}, 1000);
  for (int i = 0; i < 30; ++i) {
    CHECK(w.health() == 200);
    std::this_thread::sleep_for(100ms);
  }
  for (const auto& [partition, position] : committed_positions(s.bootstrap, s.group, s.source)) {
    CHECK(position.offset <= 0);
  }
  // The fault is real: handlers have run, and nothing has arrived.
  REQUIRE_FALSE(read_journal(s.journal()).empty());
  REQUIRE(read_topic(s.bootstrap, s.output).empty());
  cluster.start_broker(3);
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto result = s.require_invariants(load.sent());
  CHECK(result.dead_lettered == 0);
  for (const auto& [record, attempts] : by_record(read_journal(s.journal()))) {
    CHECK(attempts.size() == 1);
  }
}

TEST_CASE("An output that refuses for good rejects the record; its key goes on behind it") {
  const scenario s{shared_broker(), {.partitions = 2, .output = {{"max.message.bytes", "2000"}}}};
  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < 100; ++i) {
    const std::size_t bytes = i % 10 == 3 ? 5000 : 100;
    producer.send(producer.maker().make("acme", "key-" + std::to_string(i % 4), bytes));
  }
  producer.flush();
  s.wait_until_drained();
  CHECK(w.health() == 200);
  CHECK(w.stop().code == 0);
  const auto result = s.require_invariants(producer.sent());
  CHECK(result.dead_lettered == 10);
  for (const auto& dead : read_topic(s.bootstrap, s.dlq)) {
    CHECK(dead.value->size() == 5000);
    CHECK(dead.header_value("streamer.dlq.reason").has_value());
    evidence("refused for good: " + dead.header_value("streamer.dlq.reason").value_or("") + ", " +
             dead.header_value("__dlq.errors.message").value_or(""));
  }
}
