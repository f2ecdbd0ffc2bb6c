// A1: workers that are killed hard, under load.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/progress.hpp"

using namespace streamer::test;

namespace {

constexpr std::uint64_t kill_window = 1000;
constexpr milliseconds kill_commit_interval = 200ms;

// What the broker of the tests is set to (scripts/kafka).
constexpr milliseconds broker_session = 6000ms;
constexpr milliseconds broker_heartbeat = 500ms;

} // namespace

TEST_CASE("A1: kill -9 one of three workers every few seconds under load", "[A1][fast]") {
  // The new protocol only in the full run: what differs is the broker's work.
  const bool classic = !full_run() || GENERATE(true, false);
  const auto kills = scaled<std::uint64_t>(4, 12);
  const double rate = scaled(1500, 3000);
  chaos_report report{"A1", classic ? "kill -9 one of three workers, again and again"
                                    : "the same under the group protocol `consumer`"};
  report.needs("kill -9", kills);
  report.rate(rate);
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker(), {.partitions = 6}};
  auto config = brisk(s.scripted("scripted_quick"));
  config.protocol(classic ? "classic" : "consumer");
  config.value("consumer.max_in_flight", std::to_string(kill_window));
  config.value("consumer.commit_interval_ms", std::to_string(kill_commit_interval.count()));
  const auto session = classic ? brisk_session : broker_session + broker_heartbeat;

  fleet workers{s, config, report, worker_binary::scripted};
  for (int i = 0; i < 3; ++i) {
    workers.add();
  }
  workers.wait_until_ready();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 3, 6, 60s));
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  std::vector<std::int64_t> killed_at;
  output_windows untouched;
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    const std::size_t victim = random() % workers.places();
    workers.wait_until_busy(victim);
    std::this_thread::sleep_for(milliseconds{random() % 2000});
    const auto others = workers.partitions_of_others(victim);
    killed_at.push_back(wall_ms());
    workers.kill(victim);
    report.fault("kill -9");
    // The other two take over; only then the place is filled, or its new member would do it.
    std::this_thread::sleep_for(session + 1s);
    untouched.push_back({killed_at.back(), wall_ms(), others});
    workers.start(victim);
  }
  killed_at.push_back(wall_ms());
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  const auto run = s.collect(load.sent());
  const auto times = times_of_output(run.sent, run.output);
  for (std::size_t i = 0; i + 1 < killed_at.size(); ++i) {
    report.recovered("takeover", milliseconds{longest_gap(times, killed_at[i], killed_at[i + 1])},
                     session + 3s);
  }
  require_untouched(report, untouched, run);
  CHECK(order_violations(read_journal(s.journal())) == std::vector<std::string>{});
  // A commit may be on its way when the process dies: two intervals.
  const auto bound =
      report.faults() * (kill_window + busiest(run.output, 2 * kill_commit_interval));
  report.require_invariants(s, run, {.duplicates_allowed = bound});
}
