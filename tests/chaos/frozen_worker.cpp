// A3: a worker that is frozen past its session and wakes as a zombie.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

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
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed(), .headers = [](std::uint64_t n) {
                // Some attempts last until their partition is somebody else's.
                return full_run() && n % 300 == 0
                           ? std::vector<header>{{script_header, "sleep:8000"}}
                           : std::vector<header>{};
              }});
  double late = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto& frozen = workers.at(sleeper);
    const auto dropped = [&] {
      return metric_sum(frozen.metrics(), "streamer_acknowledgements_dropped_total").value_or(0);
    };
    workers.wait_until_busy(sleeper, workers.received(sleeper));
    std::this_thread::sleep_for(1s);
    frozen.program().signal(SIGSTOP);
    // Proof that it was put out of the group: the other one has all partitions.
    REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 60s));
    report.fault("SIGSTOP past the session");
    std::this_thread::sleep_for(2s);
    frozen.program().signal(SIGCONT);
    REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 60s));
    REQUIRE(wait_until([&] { return !full_run() || dropped() > late; }, 30s));
    late = dropped();
    const auto samples = frozen.metrics();
    CHECK(metric_sum(samples, "streamer_rebalances_total", {{"kind", "lost"}}).value_or(0) >=
          static_cast<double>(round + 1));
  }
  report.fault("attempt that ended after its partition was lost", static_cast<std::uint64_t>(late));
  load.stop();
  s.wait_until_drained();
  CHECK(workers.runs(other));
  workers.stop_all();
  const auto run = s.collect(load.sent());
  // What the sleeper held is repeated, and what it had done since its last commit. A commit that
  // goes back would be the sleeper's: the oracle looks at each.
  report.require_invariants(s, run,
                            {.duplicates_allowed = rounds * (10'000 + busiest(run.output, 400ms))});
}
