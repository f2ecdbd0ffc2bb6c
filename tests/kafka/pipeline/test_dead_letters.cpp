// The dead letter queue: what goes there, how it looks there, and what happens while it is away.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

std::vector<header> scripted(const std::string& what) { return {{script_header, what}}; }

// Key of the record that fails so, and what its dead letter has to say.
struct poison {
  std::string script;
  std::string reason;
  std::string deliveries;
  std::string exception;
};

} // namespace

TEST_CASE("Poison goes to the DLQ byte for byte, with where it came from and why") {
  const scenario s{shared_broker(), {.partitions = 3, .dlq_partitions = 2, .append_times = false}};
  auto config = s.scripted("scripted_async", {{"timeout_ms", "500"}, {"event_type", "\"*\""}});
  config.value("retry.max_attempts", "3");
  config.value("retry.initial_backoff_ms", "20");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  const std::vector<poison> poisons{
      {"reject", "handler_rejected", "1", ""},
      {"permanent", "handler_rejected", "1", ""},
      {"retry", "retries_exhausted", "3", ""},
      {"throw", "retries_exhausted", "3", ""},
      {"hang", "timeout", "3", ""},
  };
  ledger_producer producer{s.bootstrap, s.source};
  std::map<std::string, const poison*> expected;
  for (std::size_t i = 0; i < poisons.size(); ++i) {
    auto headers = scripted(poisons[i].script);
    headers.push_back({"twice", "a"});
    headers.push_back({"twice", std::nullopt});
    headers.push_back({"binary", std::string{"\0\xff\r\n", 4}});
    auto record = producer.maker().make("acme", "key-" + std::to_string(i), 300, headers);
    expected[record.id()] = &poisons[i];
    producer.send_to(static_cast<std::int32_t>(i % 3), std::move(record));
  }
  const auto begin = wall_ms();
  producer.flush();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto sent = producer.sent();
  const auto result = s.require_invariants(sent, {.append_times = false});
  CHECK(result.dead_lettered == poisons.size());
  for (const auto& dead : read_topic(s.bootstrap, s.dlq)) {
    const auto id = dead.header_value(id_header).value_or("");
    CAPTURE(id);
    REQUIRE(expected.contains(id));
    const auto& why = *expected.at(id);
    CAPTURE(why.script);
    const auto& origin =
        *std::find_if(sent.begin(), sent.end(), [&](const sent_record& r) { return r.id() == id; });
    CHECK(dead.header_value("__dlq.errors.topic") == s.source);
    CHECK(dead.header_value("__dlq.errors.partition") == std::to_string(origin.partition));
    CHECK(dead.header_value("__dlq.errors.offset") == std::to_string(origin.offset));
    CHECK(dead.header_value("__dlq.errors.group") == s.group);
    CHECK(dead.header_value("__dlq.errors.delivery.count") == why.deliveries);
    CHECK(dead.header_value("__dlq.errors.message").has_value());
    CHECK(dead.header_value("streamer.dlq.reason") == why.reason);
    CHECK(dead.header_value("streamer.tenant") == "acme");
    CHECK(dead.header_value("streamer.first-failed-at").has_value());
    CHECK(dead.header_value("streamer.original-timestamp").has_value());
    CHECK(dead.header_value("streamer.original-timestamp-type") == "CreateTime");
    CHECK(dead.partition == origin.partition % 2);
    CHECK(dead.timestamp_ms >= begin - 1000);
    CHECK(dead.timestamp_ms <= wall_ms() + 1000);
  }
}

TEST_CASE(
    "In an outage of all tenants nothing is dead-lettered beyond a few records; when it is over "
    "all "
    "are processed") {
  const scenario s{shared_broker(), {.partitions = 3}};
  auto config = s.scripted("scripted_async");
  config.value("retry.max_attempts", "2");
  config.value("retry.initial_backoff_ms", "20");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  CHECK(metric_sum(w.metrics(), "streamer_ready") == 1);
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < 1000; ++i) {
    producer.send(producer.maker().make("tenant-" + std::to_string(i % 8),
                                        "key-" + std::to_string(i), 50, scripted("until:up")));
  }
  producer.flush();
  REQUIRE(w.log().wait_for("dlq_guard_holds", 30s));
  REQUIRE(wait_until([&] { return w.readiness() == 503; }, 30s));
  const auto why = http_get(w.metrics_port(), "/readyz").body;
  evidence("/readyz says " + why);
  CHECK(why.find("dlq guard holds") != std::string::npos);
  CHECK(metric_sum(w.metrics(), "streamer_ready") == 0);
  REQUIRE(wait_until(
      [&] {
        return metric_sum(w.metrics(), "streamer_dlq_guard_probes_total", {{"result", "failed"}})
                   .value_or(0) >= 2;
      },
      30s));
  CHECK(w.health() == 200);
  // Everything else waits; a stop does not wait for it, and the next worker goes on.
  CHECK(w.stop(20s).code == 0);
  worker next{s.directory(), "next", config, worker_binary::scripted};
  REQUIRE(wait_until(
      [&] { return metric_sum(next.metrics(), "streamer_dlq_guard_holding", {}) == 1; }, 90s));
  s.open_gate("up");
  REQUIRE(next.log().wait_for("dlq_guard_resumed", 60s));
  s.wait_until_drained();
  CHECK(wait_until([&] { return next.readiness() == 200; }, 10s));
  CHECK(w.log().entries("dlq_guard_holds").size() == 1);
  CHECK(next.stop().code == 0);
  const auto result = s.require_invariants(producer.sent());
  evidence("dead letters of 1000 records in an outage, two workers: " +
           std::to_string(result.dead_lettered));
  // Each of the two workers has to see a sample of twenty failures before it can tell.
  CHECK(result.dead_lettered <= 40);
}

TEST_CASE("A record without a handler and one that cannot be decoded have reasons of their own") {
  const scenario s{shared_broker(), {.partitions = 1}};
  worker_config config{s.bootstrap, s.group, s.source};
  config.handler({{"kind", toml_text("forward")},
                  {"to", toml_text(s.output)},
                  {"event_type", toml_text("order.*")}});
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  const auto event = [](const std::string& type) {
    return std::vector<header>{
        {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/t"}, {"ce_type", type}};
  };
  producer.send(maker.make("acme", "matched", 20, event("order.created")));
  producer.send(maker.make("acme", "unmatched", 20, event("user.created")));
  producer.send(maker.make("acme", "undecodable", 20,
                           {{"content-type", "application/cloudevents-batch+json"}}));
  producer.flush();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto result = s.require_invariants(producer.sent());
  CHECK(result.forwarded == 1);
  CHECK(result.dead_lettered == 2);
  for (const auto& dead : read_topic(s.bootstrap, s.dlq)) {
    CHECK(dead.header_value("streamer.dlq.reason") == dead.key);
  }
}
