// Outputs that refuse for good.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer::test;

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
  const auto result = s.require_invariants(producer.sent(), {.ordered_between = false});
  CHECK(result.dead_lettered == 10);
  for (const auto& dead : read_topic(s.bootstrap, s.dlq)) {
    CHECK(dead.value->size() == 5000);
    CHECK(dead.header_value("streamer.dlq.reason").has_value());
    evidence("refused for good: " + dead.header_value("streamer.dlq.reason").value_or("") + ", " +
             dead.header_value("__dlq.errors.message").value_or(""));
  }
}
