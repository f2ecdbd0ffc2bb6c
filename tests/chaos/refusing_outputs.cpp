// C1, C5: an output topic that refuses for a while, and one that is ten times too slow.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/chaos/support/cluster_view.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

TEST_CASE("C1: the output refuses; nothing is committed, and it goes on by itself", "[C1][fast]") {
  const double rate = scaled(500, 2000);
  const auto refused_for = scaled<milliseconds>(4s, 60s);
  chaos_report report{"C1", "output refuses: too few replicas in sync"};
  report.needs("output refused", 1);
  report.rate(rate);
  // Three in-sync replicas asked for while one of three brokers is down: NOT_ENOUGH_REPLICAS.
  private_cluster cluster{3};
  const scenario s{cluster.bootstrap(),
                   {.partitions = 2, .output = {{"min.insync.replicas", "3"}}}};
  cluster.stop_broker(3);
  const auto config = s.scripted("scripted_async");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  // The fault is real: handlers have run, and nothing has arrived.
  REQUIRE(wait_until([&] { return read_journal(s.journal()).size() > 100; }, 30s));
  const auto until = std::chrono::steady_clock::now() + refused_for;
  while (std::chrono::steady_clock::now() < until) {
    CHECK(w.health() == 200);
    REQUIRE(w.program().running());
    std::this_thread::sleep_for(500ms);
  }
  for (const auto& [partition, position] : committed_positions(s.bootstrap, s.group, s.source)) {
    CHECK(position.offset <= 0);
  }
  REQUIRE(read_topic(s.bootstrap, s.output).empty());
  report.fault("output refused");
  cluster.start_broker(3);
  REQUIRE(wait_for_in_sync(s.bootstrap, s.output, 3, 120s));
  const auto back = wall_ms();
  REQUIRE(wait_until([&] { return !read_topic(s.bootstrap, s.output).empty(); }, 60s, 200ms));
  report.recovered("first output once it takes records", milliseconds{wall_ms() - back}, 30s);
  load.stop();
  s.wait_until_drained(120s);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto sent = load.sent();
  const auto result = report.require_invariants(s, sent);
  CHECK(result.dead_lettered == 0);
  // It cost no attempt.
  for (const auto& [record, attempts] : by_record(read_journal(s.journal()))) {
    CHECK(attempts.size() == 1);
  }
}

TEST_CASE("C5: the output is ten times slower than the input for a minute", "[C5]") {
  constexpr double rate = 1500;
  // What waits has to be far more than a worker may hold: 12 MB come in a second.
  constexpr std::size_t value_bytes = 8000;
  constexpr std::uint64_t output_bytes_a_second = 700'000;
  const auto budget_mib = scaled<std::uint64_t>(32, 128);
  const auto slow_for = scaled<milliseconds>(15s, 60s);
  const auto slow_seconds = static_cast<std::uint64_t>(slow_for / 1s);
  chaos_report report{"C5", "output ten times slower than input for a minute"};
  report.needs("seconds with output at a tenth of the input", slow_seconds);
  report.rate(rate);
  private_cluster cluster{1};
  const scenario s{cluster.bootstrap()};
  auto config = s.forward();
  config.text("kafka.client_id", "slow-worker");
  config.value("consumer.memory_budget_mib", std::to_string(budget_mib));
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  cluster.limit_producers("slow-worker", output_bytes_a_second);
  load.start({.rate = rate, .seed = report.seed(), .value_bytes = value_bytes});
  const auto begin = wall_ms();
  std::this_thread::sleep_for(slow_for);
  const auto end = wall_ms();
  CHECK(w.health() == 200);
  const auto held_back = group_lag(s.bootstrap, s.group, s.source);
  const auto lag_mib =
      static_cast<double>(held_back) * static_cast<double>(value_bytes) / (1024 * 1024);
  report.figure("lag at the end of the slow time", static_cast<double>(held_back));
  report.figure("the same, MiB", lag_mib);
  // A worker that took in what waits would be far beyond its memory.
  CHECK(lag_mib >= 3 * static_cast<double>(budget_mib));
  cluster.limit_producers("slow-worker", std::nullopt);
  const auto lifted = wall_ms();
  std::this_thread::sleep_for(5s);
  load.stop();
  s.wait_until_drained(180s);
  report.recovered("caught up", milliseconds{wall_ms() - lifted}, 90s);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto run = s.collect(load.sent());
  const auto in_slow_time = [&](std::int64_t at) { return at >= begin && at < end; };
  const auto came_out = std::count_if(run.output.begin(), run.output.end(),
                                      [&](const auto& r) { return in_slow_time(r.timestamp_ms); });
  const auto came_in = std::count_if(run.sent.begin(), run.sent.end(),
                                     [&](const auto& r) { return in_slow_time(r.sent_ms); });
  const auto share = static_cast<double>(came_out) / static_cast<double>(came_in);
  report.figure("output as a share of the input", share);
  report.figure("input in the slow time, MiB",
                static_cast<double>(came_in) * static_cast<double>(value_bytes) / (1024 * 1024));
  report.fault("seconds with output at a tenth of the input", share <= 0.1 ? slow_seconds : 0);
  report.require_invariants(s, run, {});
}
