// C4: handlers that fail every tenth time, while the workers are restarted.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

// How often record number n fails before it succeeds: each attempt fails with p = 0.1.
std::uint32_t failures_of(std::uint64_t seed, std::uint64_t n) {
  std::mt19937_64 random{seed * 1'000'003 + n};
  std::uint32_t failures = 0;
  while (failures < 9 && random() % 10 == 0) {
    ++failures;
  }
  return failures;
}

std::uint32_t scripted_failures(const sent_record& record) {
  for (const auto& h : record.headers) {
    if (h.name == script_header) {
      return static_cast<std::uint32_t>(std::stoul(h.value->substr(h.value->find(':') + 1)));
    }
  }
  return 0;
}

} // namespace

TEST_CASE("C4: handlers fail with p = 0.1 while workers are restarted", "[C4][fast]") {
  const auto restarts = scaled<std::uint64_t>(3, 10);
  const auto failures_needed = scaled<std::uint64_t>(200, 2000);
  const double rate = scaled(500, 2000);
  chaos_report report{"C4", "handlers fail with p = 0.1, rolling restarts beside it"};
  report.needs("SIGTERM", restarts);
  report.needs("failed attempt", failures_needed);
  report.rate(rate);
  const scenario s{shared_broker()};
  auto config = brisk(s.scripted("scripted_async"));
  config.value("retry.initial_backoff_ms", "20");
  config.value("retry.max_backoff_ms", "200");
  config.value("retry.max_attempts", "20");
  fleet workers{s, config, report, worker_binary::scripted};
  workers.add();
  workers.add();
  workers.wait_until_ready();
  std::atomic<std::uint64_t> failures_sent{0};
  ledger_producer load{s.bootstrap, s.source};
  const auto seed = report.seed();
  load.start({.rate = rate, .seed = seed, .headers = [seed, &failures_sent](std::uint64_t n) {
                const auto failures = failures_of(seed, n);
                failures_sent += failures;
                return failures == 0 ? std::vector<header>{}
                                     : std::vector<header>{
                                           {script_header, "retry:" + std::to_string(failures)}};
              }});
  for (std::uint64_t restart = 0; restart < restarts; ++restart) {
    const auto place = restart % workers.places();
    workers.wait_until_busy(place, 100);
    std::this_thread::sleep_for(1s);
    report.recovered("end after SIGTERM", workers.stop(place).took, 10s);
    report.fault("SIGTERM");
    workers.start(place);
  }
  // Quick restarts leave time for few records, and a seed may draw few failures among them.
  REQUIRE(wait_until([&] { return failures_sent >= failures_needed; }, 60s));
  load.stop();
  s.wait_until_drained();
  workers.stop_all();

  const auto sent = load.sent();
  const auto attempts = read_journal(s.journal());
  for (const auto& violation : order_violations(attempts)) {
    FAIL_CHECK(violation);
  }
  const auto records = by_record(attempts);
  std::map<std::size_t, std::uint64_t> expected;
  std::map<std::size_t, std::uint64_t> found;
  std::uint64_t failed = 0;
  for (const auto& record : sent) {
    const std::size_t needed = scripted_failures(record) + 1;
    ++expected[needed];
    const auto made = records.find({record.partition, record.offset});
    REQUIRE(made != records.end());
    ++found[made->second.size()];
    failed += made->second.size() - 1;
    for (std::size_t i = 0; i < made->second.size(); ++i) {
      // Numbered through, whichever worker made them.
      if (made->second[i].attempt != i + 1) {
        FAIL_CHECK(record.id() << ": attempt " << made->second[i].attempt << " came as number "
                               << i + 1);
      }
    }
  }
  report.fault("failed attempt", failed);
  for (const auto& [count, how_many] : found) {
    report.figure("records with " + std::to_string(count) + " attempts",
                  static_cast<double>(how_many));
  }
  CHECK(found == expected);
  CHECK(report.require_invariants(s, sent).dead_lettered == 0);
}
