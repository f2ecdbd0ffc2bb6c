// A4: the group grows and shrinks at random.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"

using namespace streamer::test;

TEST_CASE("A4: one, four, two workers, with random toggles between", "[A4]") {
  const bool classic = GENERATE(true, false);
  const auto toggles = scaled<std::uint64_t>(8, 20);
  const double rate = scaled(1000, 3000);
  constexpr int partitions = 8;
  chaos_report report{"A4", classic ? "1 to 4 to 2 workers with random toggles"
                                    : "the same under the group protocol `consumer`"};
  report.needs("worker added or taken away", toggles + 3);
  report.rate(rate);
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker(), {.partitions = partitions}};
  auto config = brisk(s.scripted("scripted_quick"));
  config.protocol(classic ? "classic" : "consumer");
  fleet workers{s, config, report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  const auto quiet = [&] {
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(wait_for_members(s.bootstrap, s.group, workers.running(), partitions, 90s));
    report.recovered(
        "every partition owned",
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 30s);
  };
  for (int i = 0; i < 3; ++i) {
    workers.add();
    report.fault("worker added or taken away");
  }
  quiet();
  for (std::uint64_t toggle = 0; toggle < toggles; ++toggle) {
    const std::size_t place = random() % workers.places();
    if (!workers.runs(place)) {
      workers.start(place);
    } else if (workers.running() > 1) {
      workers.stop(place);
    } else {
      workers.start((place + 1) % workers.places());
    }
    report.fault("worker added or taken away");
    // Also in the middle of the rebalance before.
    std::this_thread::sleep_for(milliseconds{random() % 3000});
    if (toggle % 5 == 4) {
      quiet();
    }
  }
  // To two, whatever there is.
  for (std::size_t place = 0; place < workers.places(); ++place) {
    if (workers.runs(place) && workers.running() > 2) {
      workers.stop(place);
      report.fault("worker added or taken away");
    } else if (!workers.runs(place) && workers.running() < 2) {
      workers.start(place);
      report.fault("worker added or taken away");
    }
  }
  quiet();
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  CHECK(order_violations(read_journal(s.journal())) == std::vector<std::string>{});
  // All stops are clean ones.
  report.require_invariants(s, load.sent());
}
