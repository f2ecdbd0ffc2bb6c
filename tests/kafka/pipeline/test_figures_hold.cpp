// What the worker says of itself, and what it costs.
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

// received − (everything that may have become of it), per partition; 0 where the books balance.
std::map<std::string, double> imbalance(const std::vector<sample>& samples) {
  std::map<std::string, double> result;
  for (const auto& one : samples) {
    if (one.name == "streamer_records_received_total") {
      result[one.labels.at("partition")] += one.value;
    } else if (one.name == "streamer_records_total" || one.name == "streamer_records_pending") {
      result[one.labels.at("partition")] -= one.value;
    }
  }
  return result;
}

} // namespace

TEST_CASE("At every scrape under load, received is the sum of all that became of the records",
          "[alone]") {
  const scenario s{shared_broker()};
  auto config = s.scripted("scripted_async");
  config.value("retry.initial_backoff_ms", "20");
  config.value("retry.max_attempts", "3");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 2000, .seed = chosen_seed(), .headers = [](std::uint64_t n) {
                const std::map<std::uint64_t, std::string> scripts{
                    {0, "retry:1"}, {10, "reject"}, {20, "skip"}, {30, "retry"}, {40, "sleep:50"}};
                const auto found = scripts.find(n % 100);
                return found == scripts.end() ? std::vector<header>{}
                                              : std::vector<header>{{script_header, found->second}};
              }});
  std::size_t scrapes = 0;
  std::size_t with_pending = 0;
  for (int i = 0; i < 80; ++i) {
    const auto samples = w.metrics();
    REQUIRE_FALSE(samples.empty());
    ++scrapes;
    with_pending += metric_sum(samples, "streamer_records_pending").value_or(0) > 0 ? 1U : 0U;
    for (const auto& [partition, off] : imbalance(samples)) {
      INFO("partition " << partition << " at scrape " << scrapes);
      CHECK(off == 0);
    }
    std::this_thread::sleep_for(100ms);
  }
  load.stop();
  s.wait_until_drained();
  const auto samples = w.metrics();
  const auto outcome = [&](const char* name) {
    return metric_sum(samples, "streamer_records_total", {{"outcome", name}}).value_or(0);
  };
  evidence(std::to_string(scrapes) + " scrapes, " + std::to_string(with_pending) +
           " of them with records pending; processed " + std::to_string(outcome("processed")) +
           ", skipped " + std::to_string(outcome("skipped")) + ", dead-lettered " +
           std::to_string(outcome("dead_lettered")));
  CHECK(with_pending > 0);
  const auto sent = load.sent();
  CHECK(metric_sum(samples, "streamer_records_received_total") == static_cast<double>(sent.size()));
  CHECK(metric_sum(samples, "streamer_records_pending") == 0);
  CHECK(w.stop().code == 0);
  auto expected = sent;
  std::size_t skipped = 0;
  for (auto& record : expected) {
    // A skipped record is finished without a trace in Kafka.
    if (record.headers.back().name == script_header && record.headers.back().value == "skip") {
      record.state = sent_state::failed;
      ++skipped;
    }
  }
  const auto result = s.require_invariants(expected);
  CHECK(outcome("skipped") == static_cast<double>(skipped));
  CHECK(outcome("processed") == static_cast<double>(result.forwarded));
  CHECK(outcome("dead_lettered") == static_cast<double>(result.dead_lettered));
}

TEST_CASE("Under load, and with a backlog to catch up with, the worker stays within 200 MiB",
          "[alone]") {
  const scenario s{shared_broker(), {.partitions = 12}};
  ledger_producer load{s.bootstrap, s.source};
  // A backlog first: the worker starts with as much as it can fetch.
  load.run({.rate = 1e9, .seed = chosen_seed(), .tenants = 8, .keys = 1000}, 150'000);
  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  load.run({.rate = 10'000, .seed = 2, .tenants = 8, .keys = 1000}, 50'000);
  s.wait_until_drained();
  const auto peak = w.program().peak_rss_kib();
  CHECK(w.stop().code == 0);
  evidence("peak memory of the worker: " + std::to_string(peak / 1024) + " MiB");
  CHECK((sanitized || peak <= 200 * 1024));
  s.require_invariants(load.sent());
}

TEST_CASE("A key that stands still beside much other traffic does not hold what it came with",
          "[alone]") {
  const scenario s{shared_broker(), {.partitions = 1}};
  ledger_producer producer{s.bootstrap, s.source};
  // Were each of them to hold the fetch response that it came in, they would hold everything.
  constexpr int records = 200'000;
  constexpr int stuck = records / 1000;
  for (int i = 0; i < records; ++i) {
    const bool stands_still = i % 1000 == 0;
    producer.send_to(
        0, producer.maker().make("acme", stands_still ? "stuck" : "key-" + std::to_string(i % 500),
                                 1000, {{script_header, stands_still ? "wait:go" : "skip"}}));
  }
  producer.flush();
  auto config = s.scripted("scripted_async", {{"timeout_ms", "600000"}});
  config.value("consumer.memory_budget_mib", "64");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  const auto ended = [&] {
    return metric_sum(w.metrics(), "streamer_records_total", {{"outcome", "skipped"}}).value_or(0);
  };
  REQUIRE(wait_until([&] { return ended() == records - stuck; }, 120s));
  CHECK(metric_sum(w.metrics(), "streamer_records_pending") == stuck);
  const auto peak = w.program().peak_rss_kib();
  evidence("peak memory of the worker: " + std::to_string(peak / 1024) + " MiB");
  CHECK((sanitized || peak <= 220 * 1024));
  // What was copied is still what it was.
  s.open_gate("go");
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  auto sent = producer.sent();
  for (auto& record : sent) {
    if (record.headers.back().value == "skip") {
      record.state = sent_state::failed; // it leaves no trace in Kafka
    }
  }
  CHECK(s.require_invariants(sent).forwarded == stuck);
}
