// A6: handlers that never end, or end long after their time.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/progress.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

double metric(const worker& w, const char* name,
              const std::map<std::string, std::string>& labels = {}) {
  return metric_sum(w.metrics(), name, labels).value_or(0);
}

// What the group has done to the worker so far: a member that is thrown out sees a loss.
double losses(const worker& w) {
  return metric(w, "streamer_rebalances_total", {{"kind", "lost"}});
}

// Output so far.
std::size_t done(const scenario& s) { return read_topic(s.bootstrap, s.output).size(); }

} // namespace

TEST_CASE("A6: asynchronous attempts that never complete, or long after their time", "[A6]") {
  const double rate = scaled(500, 2000);
  constexpr std::uint64_t stuck = 20;
  chaos_report report{"A6", "asynchronous handlers that never complete"};
  report.needs("attempt that never completes", stuck);
  report.needs("completion after the timeout", 1);
  report.rate(rate);
  const scenario s{shared_broker()};
  auto config = s.scripted("scripted_async", {{"timeout_ms", "2000"}});
  config.value("retry.max_attempts", "3");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  std::this_thread::sleep_for(3s);
  const auto begin = wall_ms();
  ledger_producer special{s.bootstrap, s.source};
  for (std::uint64_t i = 0; i < stuck; ++i) {
    // Two attempts of these hang, the third one succeeds.
    special.send(special.maker().make("stuck", "hangs-" + std::to_string(i), 50,
                                      {{script_header, "hang:2"}}));
  }
  // All attempts of these complete three seconds too late: dead letters.
  for (int i = 0; i < 5; ++i) {
    special.send(special.maker().make("stuck", "late-" + std::to_string(i), 50,
                                      {{script_header, "sleep:5000"}}));
  }
  special.flush();
  std::this_thread::sleep_for(8s);
  const auto end = wall_ms();
  load.stop();
  s.wait_until_drained();
  // Attempts whose outcome nobody waits for any more still come in.
  CHECK(wait_until(
      [&] {
        return metric(w, "streamer_acknowledgements_dropped_total", {{"cause", "fenced"}}) > 0;
      },
      20s));
  report.fault("completion after the timeout",
               static_cast<std::uint64_t>(
                   metric(w, "streamer_acknowledgements_dropped_total", {{"cause", "fenced"}})));
  CHECK(losses(w) == 0);
  CHECK(metric(w, "streamer_retries_total", {{"cause", "timeout"}}) >= 2.0 * stuck);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto records = by_record(read_journal(s.journal()));
  auto sent = special.sent();
  for (const auto& record : sent) {
    const auto& attempts = records.at({record.partition, record.offset});
    CHECK(attempts.size() == 3);
    if (record.key->starts_with("hangs")) {
      report.fault(
          "attempt that never completes",
          static_cast<std::uint64_t>(std::count_if(
              attempts.begin(), attempts.end(), [](const auto& a) { return a.finished_ns == 0; })));
      CHECK(attempts.back().result == "success");
    }
  }
  const auto others = load.sent();
  sent.insert(sent.end(), others.begin(), others.end());
  const auto run = s.collect(sent);
  // Nobody else waited for them.
  const auto p99 = latency_percentile(others, run.output, 0.99, begin, end);
  report.recovered("P99 of the other keys", milliseconds{p99}, 1s);
  const auto result = report.require_invariants(s, run, {});
  CHECK(result.dead_lettered == 5);
}

TEST_CASE("A6: blocking calls that never return, first fewer than the pool has threads", "[A6]") {
  chaos_report report{"A6", "blocking calls that never return; then a full pool"};
  report.needs("call that never returns", 4);
  report.needs("full pool named", 1);
  report.rate(200);
  const scenario s{shared_broker()};
  auto config = s.scripted("scripted_blocking", {{"timeout_ms", "2000"}, {"concurrency", "4"}});
  auto w = std::make_unique<worker>(s.directory(), "worker", config, worker_binary::scripted);
  w->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  ledger_producer special{s.bootstrap, s.source};
  const auto hang = [&](const std::string& tenant, const std::string& key) {
    special.send(special.maker().make(tenant, key, 50, {{script_header, "hang:1"}}));
    special.flush();
  };
  for (int i = 0; i < 3; ++i) {
    hang("stuck", "hangs-" + std::to_string(i));
  }
  load.run({.rate = 200, .seed = report.seed()}, 1000);
  // One thread is left, and the other keys go on with it.
  REQUIRE(wait_until([&] { return done(s) == 1000; }, 60s, 500ms));
  CHECK(w->log().entries("handler_pool_full").empty());
  // The last thread is kept from a tenant that has all the others: it takes a second one.
  hang("stuck-too", "hangs-3");
  load.run({.rate = 200, .seed = 2}, 200);
  REQUIRE(w->log().wait_for("handler_pool_full", 30s));
  report.fault("full pool named");
  std::this_thread::sleep_for(3s);
  CHECK(done(s) == 1000);
  // In the group all the same, and alive: it waits for handlers.
  CHECK(losses(*w) == 0);
  CHECK(describe_group(s.bootstrap, s.group).members.size() == 1);
  const auto attempts = read_journal(s.journal());
  report.fault(
      "call that never returns",
      static_cast<std::uint64_t>(std::count_if(attempts.begin(), attempts.end(), [](const auto& a) {
        return a.tenant.starts_with("stuck") && a.finished_ns == 0;
      })));
  note_memory(report, *w);
  // What never returns does not hold up the end for ever. Its attempts had ended by their timeout:
  // the records wait for a retry and travel in the metadata, so that nothing was cut short.
  const auto begin = std::chrono::steady_clock::now();
  CHECK(w->stop().code == 0);
  report.recovered(
      "end after SIGTERM",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 15s);
  w = std::make_unique<worker>(s.directory(), "next", config, worker_binary::scripted);
  s.wait_until_drained(120s);
  CHECK(w->stop().code == 0);
  auto sent = load.sent();
  const auto others = special.sent();
  sent.insert(sent.end(), others.begin(), others.end());
  report.require_invariants(s, sent, {.duplicates_allowed = 10});
}

TEST_CASE("A6: one call longer than max.poll.interval", "[A6]") {
  chaos_report report{"A6", "one call longer than max.poll.interval"};
  report.needs("call beyond max.poll.interval", 1);
  report.rate(500);
  const scenario s{shared_broker()};
  auto config = s.scripted("scripted_blocking", {{"timeout_ms", "60000"}, {"concurrency", "4"}});
  config.value("consumer.max_poll_interval_ms", "8000");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  const auto before = metric(w, "streamer_rebalances_total");
  ledger_producer load{s.bootstrap, s.source};
  load.send(load.maker().make("slow", "slow", 50, {{script_header, "sleep:20000"}}));
  load.run({.rate = 500, .seed = report.seed()}, 10'000);
  s.wait_until_drained(90s);
  CHECK(metric(w, "streamer_rebalances_total") == before);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto sent = load.sent();
  const auto attempts =
      by_record(read_journal(s.journal())).at({sent.front().partition, sent.front().offset});
  REQUIRE(attempts.size() == 1);
  const auto took = (attempts[0].finished_ns - attempts[0].started_ns) / 1'000'000;
  report.figure("length of the call, ms", static_cast<double>(took));
  report.fault("call beyond max.poll.interval", took > 8000 ? 1 : 0);
  report.require_invariants(s, sent);
}

TEST_CASE("A6: a tenant fills its share: its partitions are paused and go on where they were",
          "[A6]") {
  constexpr std::size_t share = 100;
  chaos_report report{"A6", "partitions paused for a tenant that fills its share, then resumed"};
  report.needs("paused partition", 1);
  report.rate(1000);
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted("scripted_async");
  config.value("consumer.max_in_flight", std::to_string(2 * share));
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  for (std::size_t i = 0; i < share + share / 2; ++i) {
    load.send(load.maker().make("slow", "slow-" + std::to_string(i), 50,
                                {{script_header, "sleep:4000"}}));
  }
  load.run({.rate = 1000, .seed = report.seed()}, 1000);
  REQUIRE(wait_until(
      [&] {
        const auto page = http_get(w.admin_port(), "/status").body;
        return page.find("\"paused\": true") != std::string::npos;
      },
      20s));
  report.fault("paused partition");
  s.wait_until_drained();
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  // What a pause threw away is read again, once.
  report.require_invariants(s, load.sent());
}
