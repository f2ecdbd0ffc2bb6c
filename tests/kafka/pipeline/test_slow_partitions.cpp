// What a partition with slow handlers costs the others of its worker.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

TEST_CASE("A partition whose records do not end holds up no other") {
  // Far more of each than the window holds.
  constexpr int of_each = 3'000;
  const scenario s{shared_broker(), {.partitions = 2}};
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < of_each; ++i) {
    const auto key = "key-" + std::to_string(i % 200);
    producer.send_to(0,
                     producer.maker().make("acme", "stuck-" + key, 50, {{script_header, "hang"}}));
    producer.send_to(1, producer.maker().make("acme", key, 50));
  }
  producer.flush();
  auto config = s.scripted("scripted_async", {{"timeout_ms", "600000"}});
  config.value("consumer.max_in_flight", "500");
  config.value("consumer.drain_timeout_ms", "500");
  config.value("tenants.share", "1.0"); // or the tenant's part of the window would be the bound
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  const auto processed = [&](int partition) {
    return metric_sum(w.metrics(), "streamer_records_total",
                      {{"partition", std::to_string(partition)}, {"outcome", "processed"}})
        .value_or(0);
  };
  CHECK(wait_until([&] { return processed(1) == of_each; }, 60s));
  CHECK(processed(0) == 0);
  evidence("of the other partition's records " + std::to_string(static_cast<int>(processed(1))) +
           " were processed");
  CHECK(w.stop().code == 5); // what hung was cut at the drain's end
}
