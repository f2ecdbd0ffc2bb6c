// D4: the wall clock is set while workers run, and records bring times that cannot be.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "actors/dlq/dead_letter_record.hpp"
#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"
#include "tests/support/stepped_clock.hpp"

using namespace streamer::test;
using std::chrono::hours;

namespace {

constexpr std::uint32_t most_attempts = 5;
constexpr std::int64_t initial_backoff_ms = 300;
constexpr std::int64_t max_backoff_ms = 2'000;
constexpr std::int64_t year_ms = 365LL * 86'400'000;

// Records 0 to 9 of every hundred say this of when they were made; the others nothing.
std::int64_t strange_time(std::uint64_t n) {
  switch (n % 100) {
    case 0: return -1;
    case 1: return 1; // the client takes 0 for now
    case 2: return wall_ms() + year_ms;
    case 3: return wall_ms() - year_ms;
    case 4: return std::numeric_limits<std::int64_t>::max() / 2;
    default: return 0;
  }
}

// Of the steps that a handler has met: its wall clock against its monotonic one.
std::uint64_t steps_seen(const std::vector<journal_attempt>& attempts) {
  std::uint64_t steps = 0;
  std::int64_t before = 0;
  for (const auto& a : attempts) {
    const auto ahead = a.started_wall_ms - a.started_ns / 1'000'000;
    steps += before != 0 && std::abs(ahead - before) > 1'800'000 ? 1U : 0U;
    before = ahead;
  }
  return steps;
}

// The shortest time between the attempts of a record in one process, as part of its back-off.
double earliest_retry(const attempts_by_record& records) {
  double least = std::numeric_limits<double>::max();
  for (const auto& [place, attempts] : records) {
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      const auto& before = attempts[i - 1];
      if (before.process != attempts[i].process || before.finished_ns == 0) {
        continue; // a new owner tries at once
      }
      const auto backoff =
          std::min<double>(max_backoff_ms, static_cast<double>(initial_backoff_ms) *
                                               static_cast<double>(1U << (before.attempt - 1)));
      const auto waited = static_cast<double>(attempts[i].started_ns - before.finished_ns) / 1e6;
      least = std::min(least, waited / backoff);
    }
  }
  return least;
}

// No time, age or count of a worker is negative, and no call has lasted longer than the test.
void check_figures(const worker& w, std::chrono::steady_clock::time_point begun) {
  const auto samples = w.metrics();
  REQUIRE_FALSE(samples.empty());
  for (const auto& s : samples) {
    INFO(s.name << " is " << s.value);
    CHECK(s.value >= 0);
  }
  const std::chrono::duration<double> so_far = std::chrono::steady_clock::now() - begun;
  const auto calls = metric_sum(samples, "kafka_consumer_processing_duration_seconds_sum");
  REQUIRE(calls);
  CHECK(*calls <= 2 * so_far.count());
  CHECK(metric_sum(samples, "streamer_rebalances_total", {{"kind", "lost"}}).value_or(0) == 0);
  CHECK(w.health() == 200);
}

// How often each of the client library's threads has gone to sleep so far, by thread.
std::map<std::string, std::uint64_t> sleeps_of_client_threads(worker& w) {
  constexpr std::string_view field = "voluntary_ctxt_switches:";
  std::map<std::string, std::uint64_t> sleeps;
  const auto tasks = "/proc/" + std::to_string(w.program().id()) + "/task";
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    if (!read_file(task.path() / "comm").starts_with("rdk:")) {
      continue;
    }
    std::istringstream lines{read_file(task.path() / "status")};
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(field)) {
        sleeps[task.path().filename().string()] = std::stoull(line.substr(field.size()));
      }
    }
  }
  return sleeps;
}

scenario_options any_time() {
  return {.source = {{"message.timestamp.after.max.ms", "9223372036854775807"},
                     {"retention.ms", "-1"}}};
}

} // namespace

TEST_CASE("D4: the clock steps by an hour, under load, while retries wait, between owners",
          "[D4][fast]") {
  const auto rounds = scaled<std::uint64_t>(1, 4);
  const auto stretch = scaled<milliseconds>(1000ms, 5000ms);
  const double rate = scaled(300, 1500);
  // To and fro; every second one while no worker runs.
  const auto positions = full_run() ? std::vector<hours>{hours{1}, hours{0},  hours{-1}, hours{0},
                                                         hours{1}, hours{-1}, hours{1},  hours{0}}
                                    : std::vector<hours>{hours{-1}, hours{1}, hours{0}, hours{1}};
  chaos_report report{"D4", "clock steps of an hour; CreateTime -1, 1, in a year and a year ago"};
  report.needs("step of the clock, seen by handlers", rounds * positions.size());
  report.needs("retry after a step", 10);
  report.rate(rate);
  const scenario s{shared_broker(), any_time()};
  auto config = s.scripted("scripted_quick");
  config.value("retry.max_attempts", std::to_string(most_attempts));
  config.value("retry.initial_backoff_ms", std::to_string(initial_backoff_ms));
  config.value("retry.max_backoff_ms", std::to_string(max_backoff_ms));
  // Once the load ends, only what fails is left, and that looks like an outage.
  config.text("dlq.guard", "off");
  stepped_clock clock{s.directory() / "clock"};
  auto started = std::chrono::steady_clock::now();
  int runs = 0;
  const auto start = [&] {
    started = std::chrono::steady_clock::now();
    return std::make_unique<worker>(s.directory(), "run-" + std::to_string(++runs), config,
                                    worker_binary::scripted, clock.environment());
  };
  auto w = start();
  w->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  // One record in fifty waits through all its back-offs, and its key with it.
  load.start({.rate = rate,
              .seed = report.seed(),
              .keys = scaled<std::size_t>(50, 1000),
              .headers = [](std::uint64_t n) -> std::vector<header> {
                switch (n % 50) {
                  case 7: return {{script_header, "retry:" + std::to_string(most_attempts - 1)}};
                  case 27: return {{script_header, "retry"}};
                  default: return {};
                }
              },
              .create_ms = strange_time});
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < positions.size(); ++i) {
      std::this_thread::sleep_for(stretch);
      if (i % 2 == 0) {
        clock.set(positions[i]);
        continue;
      }
      check_figures(*w, started);
      note_memory(report, *w);
      const auto begin = std::chrono::steady_clock::now();
      clock.set(positions[i] - hours{1}); // a stop has to end in its time as well
      CHECK(w->stop().code == 0);
      report.recovered(
          "end after SIGTERM",
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 10s);
      clock.set(positions[i]);
      w = start();
      w->wait_until_ready();
    }
  }
  std::this_thread::sleep_for(stretch);
  load.stop();
  s.wait_until_drained();
  check_figures(*w, started);
  note_memory(report, *w);
  CHECK(w->stop().code == 0);

  const auto attempts = read_journal(s.journal());
  report.fault("step of the clock, seen by handlers", steps_seen(attempts));
  const auto records = by_record(attempts);
  report.fault("retry after a step",
               static_cast<std::uint64_t>(std::count_if(
                   attempts.begin(), attempts.end(), [](const auto& a) { return a.attempt > 1; })));
  const auto earliest = earliest_retry(records);
  report.figure("earliest retry, part of its back-off", earliest);
  CHECK(earliest >= 0.8); // retry.jitter is 0.2
  const auto run = s.collect(load.sent());
  // Who may have another attempt is not given up, whatever the clock says.
  for (const auto& letter : run.dead) {
    INFO(letter.header_value(id_header).value_or("?"));
    CHECK(letter.header_value(script_header) == "retry");
    CHECK(letter.header_value(streamer::dlq_header::delivery_count) ==
          std::to_string(most_attempts));
  }
  CHECK_FALSE(run.dead.empty());
  CHECK(
      std::any_of(run.sent.begin(), run.sent.end(), [](const auto& r) { return r.create_ms < 0; }));
  report.require_invariants(s, run, {});
}

TEST_CASE("D4: the clock is set back by an hour while there is nothing to do", "[D4]") {
  chaos_report report{"D4", "the clock set back by an hour under an idle member"};
  report.needs("step of the clock, seen by handlers", 1);
  const scenario s{shared_broker()};
  const auto config = s.scripted("scripted_quick");
  constexpr milliseconds session = 6'000ms;
  stepped_clock clock{s.directory() / "clock"};
  const auto started = std::chrono::steady_clock::now();
  worker w{s.directory(), "worker", config, worker_binary::scripted, clock.environment()};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.run({.rate = 1000, .seed = report.seed()}, 500);
  s.wait_until_drained();
  std::this_thread::sleep_for(2s);
  const auto rebalances = metric_sum(w.metrics(), "streamer_rebalances_total").value_or(0);
  clock.set(hours{-1});
  std::this_thread::sleep_for(2s);
  // Each of the library's threads wakes once a second at least. One that waits for a time of the
  // wall clock would sleep for an hour.
  const auto before = sleeps_of_client_threads(w);
  std::this_thread::sleep_for(session + 4s);
  const auto after = sleeps_of_client_threads(w);
  CHECK(before.size() > 3);
  for (const auto& [thread, sleeps] : before) {
    INFO("thread " << thread);
    const auto found = after.find(thread);
    CHECK((found == after.end() || found->second > sleeps));
  }
  // It has gone on sending heartbeats, and it takes up work at once.
  CHECK(describe_group(s.bootstrap, s.group).members.size() == 1);
  CHECK(w.readiness() == 200);
  const auto begin = std::chrono::steady_clock::now();
  load.run({.rate = 1000, .seed = report.seed() + 1}, 500);
  s.wait_until_drained();
  report.recovered(
      "work after the step",
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin), 5s);
  CHECK(metric_sum(w.metrics(), "streamer_rebalances_total").value_or(0) == rebalances);
  check_figures(w, started);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  report.fault("step of the clock, seen by handlers", steps_seen(read_journal(s.journal())));
  report.require_invariants(s, load.sent());
}
