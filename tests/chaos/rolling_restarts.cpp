// A2: workers that are stopped in order, one after the other, under load.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"

using namespace streamer::test;

TEST_CASE("A2: ten rolling restarts under load", "[A2][fast]") {
  const bool classic = !full_run() || GENERATE(true, false);
  const double rate = scaled(1500, 4000);
  constexpr std::uint64_t restarts = 10;
  chaos_report report{"A2", classic ? "SIGTERM rolling restart, ten times"
                                    : "the same under the group protocol `consumer`"};
  report.needs("SIGTERM", restarts);
  report.rate(rate);
  const scenario s{shared_broker()};
  auto config = brisk(s.forward());
  config.protocol(classic ? "classic" : "consumer");
  fleet workers{s, config, report};
  workers.add();
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  for (std::uint64_t restart = 0; restart < restarts; ++restart) {
    const auto place = restart % workers.places();
    workers.wait_until_busy(place);
    report.recovered("end after SIGTERM", workers.stop(place).took, 10s);
    report.fault("SIGTERM");
    workers.start(place);
    workers.at(place).wait_until_ready();
  }
  load.stop();
  s.wait_until_drained();
  workers.stop_all();
  // Nothing may be repeated: a clean stop is no fault.
  report.require_invariants(s, load.sent());
}
