// C2: a dead letter queue that is not there, may not be written to, or takes only small records.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/acl.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

// One poisonous record and 50 others behind it on partition 0, 50 on partition 1.
void send_poison_and_others(ledger_producer& producer) {
  auto& maker = producer.maker();
  producer.send_to(0, maker.make("acme", "poison", 50, {{script_header, "reject"}}));
  for (int i = 0; i < 50; ++i) {
    producer.send_to(0, maker.make("acme", "poison", 50));
    producer.send_to(1, maker.make("acme", "fine", 50));
  }
  producer.flush();
}

// The worker waits: alive, not ready, nothing of the poison committed; the other partition is done.
void require_waiting(const scenario& s, worker& w) {
  REQUIRE(wait_until([&] { return w.readiness() == 503; }, 60s));
  evidence("/readyz says " + http_get(w.metrics_port(), "/readyz").body);
  for (int i = 0; i < 30; ++i) {
    CHECK(w.health() == 200);
    CHECK(w.readiness() == 503);
    std::this_thread::sleep_for(100ms);
  }
  const auto positions = committed_positions(s.bootstrap, s.group, s.source);
  CHECK(positions.at(0).offset <= 0);
  CHECK(positions.at(1).offset == 50);
}

// The fault is over: ready again, everything done.
void require_going_on(chaos_report& report, const scenario& s, worker& w) {
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(wait_until([&] { return w.readiness() == 200; }, 90s));
  s.wait_until_drained();
  report.recovered(
      "DLQ in use again",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 60s);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
}

} // namespace

TEST_CASE("C2: the DLQ topic is missing", "[C2][fast]") {
  chaos_report report{"C2", "DLQ topic missing, then created"};
  report.needs("unready without a DLQ", 1);
  const scenario s{shared_broker(), {.partitions = 2, .with_dlq = false}};
  worker w{s.directory(), "worker", s.scripted("scripted_async"), worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  send_poison_and_others(producer);
  require_waiting(s, w);
  report.fault("unready without a DLQ");
  create_topic(s.bootstrap, s.dlq, 2, {{"message.timestamp.type", "LogAppendTime"}});
  require_going_on(report, s, w);
  auto run = s.collect(producer.sent());
  run.dead = read_topic(s.bootstrap, s.dlq);
  CHECK(report.require_invariants(s, run, {}).dead_lettered == 1);
}

TEST_CASE("C2: the DLQ topic may not be written to", "[C2][fast]") {
  chaos_report report{"C2", "DLQ not authorised, then allowed"};
  report.needs("unready without the right to write", 1);
  private_cluster cluster{1, {authorizer, open_without_rules}};
  const scenario s{cluster.bootstrap(), {.partitions = 2}};
  deny(s.bootstrap, resource::topic, s.dlq, operation::write);
  worker w{s.directory(), "worker", s.scripted("scripted_async"), worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  send_poison_and_others(producer);
  require_waiting(s, w);
  CHECK(read_topic(s.bootstrap, s.dlq).empty());
  report.fault("unready without the right to write");
  allow_again(s.bootstrap, resource::topic, s.dlq, operation::write);
  require_going_on(report, s, w);
  CHECK(report.require_invariants(s, producer.sent()).dead_lettered == 1);
}

TEST_CASE("C2: the DLQ topic takes only small records", "[C2][fast]") {
  constexpr std::uint64_t large = 10;
  chaos_report report{"C2", "DLQ takes only small records: pointers"};
  report.needs("pointer in place of a large record", large);
  const scenario s{shared_broker(), {.partitions = 2, .dlq = {{"max.message.bytes", "2000"}}}};
  worker w{s.directory(), "worker", s.scripted("scripted_async"), worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const bool poison = i % 5 == 0;
    // Half of the poison fits.
    producer.send(producer.maker().make(
        "acme", "key-" + std::to_string(i % 7), i % 10 == 0 ? 5000 : 50,
        poison ? std::vector<header>{{script_header, "reject"}} : std::vector<header>{}));
  }
  producer.flush();
  s.wait_until_drained();
  CHECK(w.health() == 200);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  auto run = s.collect(producer.sent());
  for (auto& dead : run.dead) {
    if (dead.header_value("streamer.dlq.reason") != "too_large") {
      continue;
    }
    report.fault("pointer in place of a large record");
    CHECK_FALSE(dead.value);
    // It says which record it stands for: the oracle takes it for that one.
    const auto origin = std::find_if(run.sent.begin(), run.sent.end(), [&](const sent_record& r) {
      return dead.header_value("__dlq.errors.partition") == std::to_string(r.partition) &&
             dead.header_value("__dlq.errors.offset") == std::to_string(r.offset);
    });
    REQUIRE(origin != run.sent.end());
    CHECK(origin->value->size() == 5000);
    dead.key = origin->key;
    dead.value = origin->value;
    dead.headers = origin->headers;
  }
  CHECK(report.require_invariants(s, run, {}).dead_lettered == 20);
}
