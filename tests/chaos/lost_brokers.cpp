// B1, B2, B3: brokers that die, are restarted in order, and are all away.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "tests/chaos/support/cluster_view.hpp"
#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/progress.hpp"

using namespace streamer::test;

namespace {

constexpr double cluster_rate = 2000;
constexpr int cluster_partitions = 6;
constexpr std::uint64_t cluster_window = 10'000;

worker_config with_session(const scenario& s, const char* timeout_ms) {
  auto config = s.forward();
  config.value("consumer.session_timeout_ms", timeout_ms);
  config.value("consumer.properties", R"({ "heartbeat.interval.ms" = "1000" })");
  return config;
}

// The group outlives the failover of its coordinator.
worker_config patient(const scenario& s) { return with_session(s, "30000"); }

// The broker that leads most of a topic's partitions.
std::int32_t busiest_leader(const scenario& s) {
  std::map<std::int32_t, int> led;
  for (const auto& [partition, view] : view_of(s.bootstrap, s.output)) {
    ++led[view.leader];
  }
  REQUIRE_FALSE(led.empty());
  return std::max_element(led.begin(), led.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

void require_all_in_sync(const scenario& s) {
  for (const auto& topic : {s.source, s.output, s.dlq, std::string{"__consumer_offsets"}}) {
    INFO(topic);
    REQUIRE(wait_for_in_sync(s.bootstrap, topic, 3, 120s));
  }
}

// When the P99 of each of three seconds in a row was within `limit_ms` again, after `from_ms`.
std::optional<std::int64_t> calm_again(const run_record& run, std::int64_t from_ms,
                                       std::int64_t to_ms, std::int64_t limit_ms) {
  int calm = 0;
  for (auto at = from_ms; at + 1000 <= to_ms; at += 1000) {
    const auto p99 = latency_percentile(run.sent, run.output, 0.99, at, at + 1000);
    calm = p99 >= 0 && p99 <= limit_ms ? calm + 1 : 0;
    if (calm == 3) {
      return at - 2000;
    }
  }
  return std::nullopt;
}

// Of all workers together.
double rebalances(fleet& workers) {
  double sum = 0;
  for (std::size_t place = 0; place < workers.places(); ++place) {
    const auto count = metric_sum(workers.at(place).metrics(), "streamer_rebalances_total");
    REQUIRE(count);
    sum += *count;
  }
  return sum;
}

} // namespace

TEST_CASE("B1: the leading broker is killed hard, three times", "[B1]") {
  constexpr std::uint64_t kills = 3;
  chaos_report report{"B1", "kill -9 the leading broker, three times"};
  report.needs("broker killed", kills);
  report.rate(cluster_rate);
  private_cluster cluster{3};
  const scenario s{cluster.bootstrap(), {.partitions = cluster_partitions}};
  fleet workers{s, patient(s), report};
  workers.add();
  workers.add();
  workers.wait_until_ready();
  require_all_in_sync(s);
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = cluster_rate, .seed = report.seed()});
  std::this_thread::sleep_for(15s); // warm
  const auto warm = wall_ms();
  std::this_thread::sleep_for(10s);
  const auto calm_until = wall_ms();
  struct killed {
    std::int64_t elected_ms = 0;
    std::int64_t until_ms = 0;
  };
  std::vector<killed> killings;
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    const auto leader = busiest_leader(s);
    cluster.stop_broker(leader, true);
    const auto elected = led_without(s.bootstrap, {s.output, s.source}, leader, 60s);
    REQUIRE(elected);
    report.fault("broker killed");
    std::this_thread::sleep_for(25s);
    killings.push_back({*elected, wall_ms()});
    cluster.start_broker(leader);
    require_all_in_sync(s);
    std::this_thread::sleep_for(5s);
  }
  load.stop();
  s.wait_until_drained(120s);
  workers.stop_all();
  const auto run = s.collect(load.sent());
  const auto baseline = latency_percentile(run.sent, run.output, 0.99, warm, calm_until);
  // Back is what it was, but for one broker less that shares the work.
  const auto limit = scaled<std::int64_t>(3, 2) * baseline + 100;
  report.figure("P99 before, ms", static_cast<double>(baseline));
  for (const auto& one : killings) {
    const auto calm = calm_again(run, one.elected_ms, one.until_ms, limit);
    INFO("P99 within " << limit << " ms again");
    REQUIRE(calm);
    report.recovered("P99 after the election", milliseconds{*calm - one.elected_ms}, 10s);
  }
  report.require_invariants(
      s, run,
      {.duplicates_allowed = report.faults() * (cluster_window + busiest(run.output, 400ms))});
}

TEST_CASE("B2: the three brokers are restarted in order, one after the other", "[B2]") {
  chaos_report report{"B2", "rolling restart of the three brokers"};
  report.needs("broker restarted", 3);
  report.rate(cluster_rate);
  private_cluster cluster{3};
  const scenario s{cluster.bootstrap(), {.partitions = cluster_partitions}};
  fleet workers{s, patient(s), report};
  workers.add();
  workers.add();
  workers.wait_until_ready();
  require_all_in_sync(s);
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, cluster_partitions, 60s));
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = cluster_rate, .seed = report.seed()});
  std::this_thread::sleep_for(10s);
  const auto before = rebalances(workers);
  for (int id = 1; id <= 3; ++id) {
    cluster.stop_broker(id);
    REQUIRE(wait_for_leaders(s.bootstrap, s.output, id, 60s));
    std::this_thread::sleep_for(5s);
    cluster.start_broker(id);
    require_all_in_sync(s);
    report.fault("broker restarted");
    std::this_thread::sleep_for(5s);
  }
  const auto unexpected = rebalances(workers) - before;
  report.figure("unexpected rebalances", unexpected);
  CHECK(unexpected == 0);
  load.stop();
  s.wait_until_drained(120s);
  workers.stop_all();
  const auto run = s.collect(load.sent());
  report.require_invariants(
      s, run,
      {.duplicates_allowed = report.faults() * (cluster_window + busiest(run.output, 400ms))});
}

TEST_CASE("B3: all brokers are down for 70 s", "[B3]") {
  constexpr double slow_rate = 1000;
  constexpr double backlog_rate = 10'000;
  const auto away = scaled<milliseconds>(20s, 70s);
  const auto backlog = scaled<std::uint64_t>(20'000, 80'000);
  chaos_report report{"B3", "all three brokers down for 70 s"};
  report.needs("every broker down", 1);
  report.rate(slow_rate);
  private_cluster cluster{3};
  const scenario s{cluster.bootstrap(), {.partitions = cluster_partitions}};
  // The members of before are away for longer than their session, come back as new ones, and the
  // group waits for the old ones until that time is over, counted from its coordinator's start.
  auto config = with_session(s, "20000");
  // How much of a backlog is read ahead is the budget's business, and no leak: with the default,
  // as much as would pass for one.
  config.value("consumer.memory_budget_mib", "48");
  fleet workers{s, config, report};
  ledger_producer load{s.bootstrap, s.source};
  // As large a backlog as the outage will leave, so that it is no news to anybody's memory.
  load.run({.rate = backlog_rate, .seed = report.seed()}, backlog);
  workers.add();
  workers.add();
  workers.wait_until_ready();
  require_all_in_sync(s);
  load.start({.rate = slow_rate, .seed = report.seed()});
  std::this_thread::sleep_for(10s);
  const auto memory = [&] {
    return std::max(workers.at(0).program().peak_rss_kib(), workers.at(1).program().peak_rss_kib());
  };
  cluster.stop_all(true);
  REQUIRE(view_of(s.bootstrap, s.source).empty());
  report.fault("every broker down");
  const auto at_first = memory();
  const auto end = std::chrono::steady_clock::now() + away;
  while (std::chrono::steady_clock::now() < end) {
    for (std::size_t place = 0; place < workers.places(); ++place) {
      REQUIRE(workers.at(place).program().running());
      CHECK(workers.at(place).health() == 200);
    }
    std::this_thread::sleep_for(1s);
  }
  const auto grown = static_cast<double>(memory() - at_first) / 1024;
  report.figure("memory grown while away, MiB", grown);
  CHECK(grown <= 32);
  cluster.start_all();
  const auto back = wall_ms();
  REQUIRE(wait_until([&] { return workers.at(0).readiness() == 200; }, 120s));
  REQUIRE(wait_until([&] { return workers.at(1).readiness() == 200; }, 120s));
  std::this_thread::sleep_for(10s);
  load.stop();
  s.wait_until_drained(180s);
  workers.stop_all();
  const auto run = s.collect(load.sent());
  // Each partition goes on by itself, not only the quickest of them.
  const auto times = times_of_output(run.sent, run.output);
  REQUIRE(times.size() == cluster_partitions);
  for (const auto& [partition, list] : times) {
    CAPTURE(partition);
    const auto first = std::upper_bound(list.begin(), list.end(), back);
    REQUIRE(first != list.end());
    report.recovered("output of every partition once the brokers are back",
                     milliseconds{*first - back}, 30s);
  }
  report.require_invariants(
      s, run,
      {.duplicates_allowed = report.faults() * 2 * (cluster_window + busiest(run.output, 400ms))});
}
