// C3 and F1: one tenant misbehaves, the others are to notice as little as possible.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

constexpr int quiet_tenants = 8;

std::string quiet(int number) { return "quiet-" + std::to_string(number % quiet_tenants); }

// One stretch of the load, and which of the sent records are of it.
struct stretch {
  std::int64_t began_ms = 0;
  std::int64_t ended_ms = 0;
};

// The quiet tenants at `rate` together, and beside them one at `noise` with a script.
stretch send_for(ledger_producer& load, milliseconds time, double rate, double noise,
                 const std::string& script) {
  stretch s{wall_ms(), 0};
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t quiet_sent = 0;
  std::uint64_t noise_sent = 0;
  for (;;) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    if (spent > time) {
      break;
    }
    while (static_cast<double>(quiet_sent) < rate * spent.count()) {
      const auto n = static_cast<int>(quiet_sent++);
      load.send(load.maker().make(quiet(n), "k" + std::to_string(n / quiet_tenants % 50), 200));
    }
    while (static_cast<double>(noise_sent) < noise * spent.count()) {
      const auto n = noise_sent++;
      load.send(load.maker().make(
          "noisy", "n" + std::to_string(n % 500), 200,
          script.empty() ? std::vector<header>{} : std::vector<header>{{script_header, script}}));
    }
    std::this_thread::sleep_for(1ms);
  }
  s.ended_ms = wall_ms();
  return s;
}

// Milliseconds from the sending of a quiet tenant's record to its first appearance in the output.
std::vector<std::int64_t> latencies(const run_record& run, const stretch& s) {
  std::map<std::string, std::int64_t> out;
  for (const auto& record : run.output) {
    if (const auto id = record.header_value(id_header)) {
      const auto [at, fresh] = out.emplace(*id, record.timestamp_ms);
      at->second = std::min(at->second, record.timestamp_ms);
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& record : run.sent) {
    if (record.tenant == "noisy" || record.sent_ms < s.began_ms || record.sent_ms >= s.ended_ms) {
      continue;
    }
    const auto found = out.find(record.id());
    all.push_back(found == out.end() ? 3'600'000 : found->second - record.sent_ms);
  }
  std::sort(all.begin(), all.end());
  return all;
}

// The middle one.
double median(std::vector<double> values) {
  REQUIRE_FALSE(values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double p99(const std::vector<std::int64_t>& sorted) {
  return sorted.empty() ? 0 : static_cast<double>(sorted[sorted.size() * 99 / 100]);
}

// Of the quiet tenants' records sent in the stretch, how many were out by its end.
double part_in_time(const std::vector<std::int64_t>& sorted, milliseconds patience) {
  const auto late = std::upper_bound(sorted.begin(), sorted.end(), patience.count());
  return sorted.empty()
             ? 0
             : static_cast<double>(late - sorted.begin()) / static_cast<double>(sorted.size());
}

worker_config noisy_config(const scenario& s) {
  auto config = brisk(s.scripted("scripted_blocking", {{"concurrency", "8"}}));
  config.value("retry.initial_backoff_ms", "20");
  config.value("retry.max_backoff_ms", "100");
  config.value("retry.max_attempts", "3");
  return config;
}

} // namespace

TEST_CASE("C3: one tenant all poison, then all slow", "[C3]") {
  chaos_report report{"C3", "one tenant all poison, then all slow, beside eight others"};
  const double rate = scaled(400.0, 800.0);
  const auto length = scaled<milliseconds>(3s, 8s);
  const int rounds = scaled(3, 5);
  report.rate(rate);
  report.needs("poison records", 100);
  report.needs("slow records", 10);
  const scenario s{shared_broker(), {.partitions = 6}};
  fleet workers{s, noisy_config(s), report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  send_for(load, 3s, rate, rate / 8, ""); // warm
  struct trouble {
    const char* script;
    const char* before;
    const char* beside;
    double noise;
    // A stretch without it and one with it, in turns: the machine is not the same all the time.
    std::vector<std::pair<stretch, stretch>> stretches;
  };
  std::vector<trouble> troubles{
      {"reject", "P99 without poison, ms", "P99 beside poison, ms", rate / 8, {}},
      {"retry", "P99 without retries, ms", "P99 beside retries, ms", rate / 8, {}},
      {"sleep:300", "P99 without slowness, ms", "P99 beside slowness, ms", 40, {}}};
  for (auto& t : troubles) {
    for (int round = 0; round < rounds; ++round) {
      const auto before = send_for(load, length, rate, rate / 8, "");
      const auto beside = send_for(load, length, rate, t.noise, t.script);
      t.stretches.emplace_back(before, beside);
      s.wait_until_drained(180s);
    }
  }
  workers.stop_all();
  load.flush();
  const auto run = s.collect(load.sent());

  std::set<std::string> condemned;
  std::uint64_t slow_ones = 0;
  for (const auto& record : run.sent) {
    const auto& last = record.headers.back();
    if (last.name == script_header && (last.value == "reject" || last.value == "retry")) {
      condemned.insert(record.id());
    }
    slow_ones += last.name == script_header && last.value == "sleep:300" ? 1U : 0U;
  }
  report.fault("poison records", condemned.size());
  report.fault("slow records", slow_ones);
  std::set<std::string> dead;
  for (const auto& record : run.dead) {
    dead.insert(record.header_value(id_header).value_or("?"));
  }
  CHECK(dead == condemned);
  CHECK(run.dead.size() == condemned.size());
  for (const auto& t : troubles) {
    std::vector<double> before;
    std::vector<double> beside;
    for (const auto& [without, with] : t.stretches) {
      before.push_back(p99(latencies(run, without)));
      beside.push_back(p99(latencies(run, with)));
    }
    report.figure(t.before, median(before));
    report.figure(t.beside, median(beside));
    INFO(t.beside << ": " << median(beside) << ", " << t.before << ": " << median(before));
    // Timestamps are whole milliseconds at both ends.
    CHECK(median(beside) <= scaled(2.0, 1.2) * median(before) + scaled(50.0, 2.0));
  }
  report.require_invariants(s, run, {});
}

namespace {

// How one tenant's flood is kept from the others.
struct flood_plan {
  milliseconds length; ///< of the flood
  worker_config config;
};

// A stretch without and one with the flood: the others keep 95 % of their rate. Returns the run.
run_record judge_flood(chaos_report& report, const scenario& s, const flood_plan& plan) {
  const double rate = scaled(320.0, 640.0);
  const auto flood = 10 * rate / quiet_tenants;
  report.rate(rate + flood);
  report.needs("flooding records", 500);
  fleet workers{s, plan.config, report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  send_for(load, 3s, rate, 0, ""); // warm
  const auto before = send_for(load, plan.length, rate, 0, "");
  const auto during = send_for(load, plan.length, rate, flood, "sleep:40");
  s.wait_until_drained(180s);
  workers.stop_all();
  load.flush();
  auto run = s.collect(load.sent());
  report.fault("flooding records", static_cast<std::uint64_t>(std::count_if(
                                       run.sent.begin(), run.sent.end(),
                                       [](const auto& r) { return r.tenant == "noisy"; })));
  const auto usual = part_in_time(latencies(run, before), 1000ms);
  const auto beside = part_in_time(latencies(run, during), 1000ms);
  report.figure("P99 before, ms", p99(latencies(run, before)));
  report.figure("P99 beside the flood, ms", p99(latencies(run, during)));
  report.figure("others within a second, before", usual);
  report.figure("others within a second, beside the flood", beside);
  CHECK(usual >= 0.99);
  CHECK(beside >= 0.95 * usual);
  return run;
}

} // namespace

TEST_CASE("F1: one tenant floods at ten times its share", "[F1]") {
  chaos_report report{"F1", "one tenant sends ten times what each of the others does"};
  const scenario s{shared_broker(), {.partitions = 4}};
  // Handlers can do less than what comes in: 8 at a time, 40 ms each.
  auto config = noisy_config(s);
  config.text("tenants.overflow", "dead_letter");
  config.value("consumer.max_in_flight", "1000");
  config.value("tenants.share", "0.3");
  const auto run = judge_flood(report, s, {scaled<milliseconds>(8s, 30s), config});
  std::uint64_t overflowed = 0;
  for (const auto& record : run.dead) {
    CHECK(record.header_value("streamer.tenant") == "noisy");
    CHECK(record.header_value("streamer.dlq.reason") == "overflow");
    ++overflowed;
  }
  CHECK(overflowed > 0); // it did fill its share
  report.figure("flooding records dead-lettered", static_cast<double>(overflowed));
  report.require_invariants(s, run, {});
}

// By default nothing is dead-lettered: what the flood leaves behind waits in the window, where the
// others pass it. A flood that outgrows its share of the window holds its partitions, so this one
// is as long as it takes to come near it.
TEST_CASE("F1: a flood that its share of the window holds, with the defaults", "[F1]") {
  chaos_report report{"F1", "the same with the default overflow, up to the tenant's share"};
  const scenario s{shared_broker(), {.partitions = 4}};
  const auto run = judge_flood(report, s, {scaled<milliseconds>(6s, 6s), noisy_config(s)});
  CHECK(run.dead.empty());
  report.require_invariants(s, run, {});
}

TEST_CASE("F1: a flood of a tenant with limits", "[F1]") {
  constexpr std::size_t at_once = 3;
  constexpr double limit = 60;
  chaos_report report{"F1", "the same with the default overflow and limits for the tenant"};
  const scenario s{shared_broker(), {.partitions = 4}};
  auto config = noisy_config(s);
  config.value("tenants.limits.noisy", "{ max_in_flight = " + std::to_string(at_once) +
                                           ", rate = " + std::to_string(limit) + " }");
  const auto run = judge_flood(report, s, {scaled<milliseconds>(5s, 5s), config});
  CHECK(run.dead.empty());
  std::vector<journal_attempt> noisy;
  for (auto& attempt : read_journal(s.journal())) {
    if (attempt.tenant == "noisy") {
      noisy.push_back(std::move(attempt));
    }
  }
  const auto most = most_at_once(noisy);
  const auto fastest = most_begun(noisy, 1s);
  report.figure("most of the flood at once", static_cast<double>(most));
  report.figure("most of the flood begun in a second", static_cast<double>(fastest));
  CHECK(most <= at_once);
  CHECK(most > 1);
  // The bucket of the rate holds a quarter of a second and one record.
  CHECK(static_cast<double>(fastest) <= 1.25 * limit + 1);
  CHECK(static_cast<double>(fastest) >= 0.8 * limit);
  report.require_invariants(s, run, {});
}
