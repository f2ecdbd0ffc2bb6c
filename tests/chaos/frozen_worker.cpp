// A3: a worker that is frozen past its session and wakes as a zombie.
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <iterator>
#include <vector>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

double losses(const worker& w) {
  return metric_sum(w.metrics(), "streamer_rebalances_total", {{"kind", "lost"}}).value_or(0);
}

// Completions that the worker has dropped because their epoch had ended.
double dropped_as_stale(const worker& w) {
  return metric_sum(w.metrics(), "streamer_acknowledgements_dropped_total", {{"cause", "stale"}})
      .value_or(0);
}

std::size_t attempts_begun(const scenario& s) { return read_journal(s.journal()).size(); }

} // namespace

TEST_CASE("A3: a worker frozen past its session commits nothing when it wakes", "[A3][fast]") {
  const auto rounds = scaled<std::uint64_t>(1, 4);
  const double rate = scaled(1000, 3000);
  chaos_report report{"A3", "SIGSTOP past the session, then SIGCONT"};
  report.needs("SIGSTOP past the session", rounds);
  if (full_run()) {
    report.needs("attempt that ended after its partition was lost", 1);
  }
  report.rate(rate);
  const scenario s{shared_broker()};
  auto config = brisk(s.scripted("scripted_async"));
  fleet workers{s, config, report, worker_binary::scripted};
  const auto sleeper = workers.add();
  workers.wait_until_ready();
  const auto other = workers.add();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 60s));
  // Attempts that last until the sleeper knows that their partition is somebody else's; few, for
  // the records of their keys wait behind them, and must not fill their tenants' shares.
  std::atomic<int> long_ones{0};
  std::atomic<std::uint64_t> gate{0};
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed(), .headers = [&long_ones, &gate](std::uint64_t) {
                return long_ones > 0 && long_ones-- > 0
                           ? std::vector<header>{{script_header, "wait:" + std::to_string(gate)}}
                           : std::vector<header>{};
              }});
  double late = 0;
  output_windows untouched;
  std::vector<std::int64_t> handovers; // after these, an attempt may meet one of an older epoch
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto& frozen = workers.at(sleeper);
    workers.wait_until_busy(sleeper, workers.received(sleeper));
    gate = round;
    // Of all partitions, of which the sleeper has two.
    long_ones = scaled(0, 12);
    std::this_thread::sleep_for(1s);
    const auto others = workers.partitions_of_others(sleeper);
    const auto frozen_at = wall_ms();
    handovers.push_back(monotonic_ns());
    frozen.program().signal(SIGSTOP);
    // Proof that it was put out of the group: the other one has all partitions.
    REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 60s));
    report.fault("SIGSTOP past the session");
    std::this_thread::sleep_for(2s);
    untouched.push_back({frozen_at, wall_ms(), others});
    handovers.push_back(monotonic_ns());
    frozen.program().signal(SIGCONT);
    CHECK(wait_until([&] { return losses(frozen) >= static_cast<double>(round + 1); }, 30s));
    s.open_gate(std::to_string(round));
    REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 60s));
    REQUIRE(wait_until([&] { return !full_run() || dropped_as_stale(frozen) > late; }, 30s));
    late = dropped_as_stale(frozen);
  }
  report.fault("attempt that ended after its partition was lost", static_cast<std::uint64_t>(late));
  load.stop();
  s.wait_until_drained();
  CHECK(workers.runs(other));
  const std::array<int, 2> processes{workers.at(sleeper).program().id(),
                                     workers.at(other).program().id()};
  workers.stop_all();
  const auto run = s.collect(load.sent());
  require_untouched(report, untouched, run);
  CHECK(order_violations(read_journal(s.journal()),
                         {{processes[0], handovers}, {processes[1], handovers}}) ==
        std::vector<std::string>{});
  // What the sleeper held is repeated, and what it had done since its last commit. A commit that
  // goes back would be the sleeper's: the oracle looks at each.
  report.require_invariants(s, run,
                            {.duplicates_allowed = rounds * (10'000 + busiest(run.output, 400ms))});
}

TEST_CASE("A3: what attempts of an old epoch say is nothing to the new one", "[A3][fast]") {
  constexpr int held = 50;
  chaos_report report{"A3", "attempts that outlive their epoch, at the owner of the next one"};
  report.needs("partition given away and back", 1);
  report.needs("attempt that ended while its record was at the handler anew", 1);
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = brisk(s.scripted("scripted_async"));
  config.value("consumer.drain_timeout_ms", "500");
  fleet workers{s, std::move(config), report, worker_binary::scripted};
  const auto owner = workers.add();
  workers.wait_until_ready();
  const int process = workers.at(owner).program().id();
  ledger_producer producer{s.bootstrap, s.source};
  int number = 0;
  // Each with a key of its own, so that all are at the handler at once.
  const auto send = [&](int count, const std::vector<header>& script) {
    for (int i = 0; i < count; ++i) {
      producer.send(producer.maker().make("acme", "key-" + std::to_string(++number), 100, script));
    }
    producer.flush();
  };
  // So the new epoch begins elsewhere than the old one, and counts its records from there.
  send(held, {});
  s.wait_until_drained();
  const std::vector<header> lasting{{script_header, "sleep:15000"}};
  send(held, lasting);
  REQUIRE(wait_until([&] { return attempts_begun(s) == 2U * held; }, 10s));
  // The partition that the owner keeps meanwhile keeps the tenant's handler, with all its attempts.
  const auto guest = workers.add();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 2, 60s));
  REQUIRE(workers.at(guest).log().wait_for("partition_started", 30s));
  send(held, lasting);
  workers.kill(guest);
  REQUIRE(workers.at(owner).log().wait_for("partition_started", 30s, 3));
  report.fault("partition given away and back");
  s.wait_until_drained(120s);
  // By the journal an attempt has no end if its record began anew before it ended.
  for (const auto& [record, attempts] : by_record(read_journal(s.journal()))) {
    std::vector<journal_attempt> of_owner;
    std::ranges::copy_if(attempts, std::back_inserter(of_owner),
                         [&](const auto& attempt) { return attempt.process == process; });
    if (of_owner.size() > 1 && of_owner.front().finished_ns == 0 &&
        of_owner.back().finished_ns != 0) {
      report.fault("attempt that ended while its record was at the handler anew");
    }
  }
  workers.stop_all();
  // Nothing of them counts, so everything has come out once.
  report.require_invariants(s, producer.sent());
}
