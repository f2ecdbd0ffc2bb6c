// `tenants.limits` as an operator sets them, on a real worker.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

// Records of several tenants in turns, each with a key of its own, before any worker starts.
std::vector<sent_record> fill(const scenario& s, const std::vector<std::string>& tenants,
                              int of_each, const std::string& script) {
  ledger_producer producer{s.bootstrap, s.source};
  for (int i = 0; i < of_each; ++i) {
    for (const auto& tenant : tenants) {
      producer.send_to(0, producer.maker().make(tenant, "key-" + std::to_string(i), 50,
                                                {{script_header, script}}));
    }
  }
  producer.flush();
  return producer.sent();
}

std::vector<journal_attempt> attempts_of(const scenario& s, const std::string& tenant) {
  std::vector<journal_attempt> result;
  for (auto& attempt : read_journal(s.journal())) {
    if (attempt.tenant == tenant) {
      result.push_back(std::move(attempt));
    }
  }
  return result;
}

} // namespace

TEST_CASE("A tenant of three times the weight gets three times the turns while both queue") {
  constexpr int of_each = 240;
  const scenario s{shared_broker(), {.partitions = 1}};
  const auto sent = fill(s, {"heavy", "light"}, of_each, "sleep:10");
  auto config = s.scripted("scripted_blocking", {{"concurrency", "4"}});
  config.value("consumer.batch_size", "2");
  config.value("tenants.limits.heavy", "{ weight = 3.0 }");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  static_cast<void>(s.require_invariants(sent));
  const auto heavy = attempts_of(s, "heavy");
  const auto light = attempts_of(s, "light");
  REQUIRE(heavy.size() == of_each);
  REQUIRE(light.size() == of_each);
  const auto heavy_done = std::max_element(heavy.begin(), heavy.end(), [](auto& a, auto& b) {
                            return a.finished_ns < b.finished_ns;
                          })->finished_ns;
  const auto light_by_then = std::count_if(
      light.begin(), light.end(), [&](const auto& a) { return a.finished_ns <= heavy_done; });
  evidence("by the time that the heavy tenant had " + std::to_string(of_each) +
           " records done, the light one had " + std::to_string(light_by_then));
  // 80, but for what went out before both queued; without weights it would be all.
  CHECK(light_by_then >= of_each / 6);
  CHECK(light_by_then <= of_each * 6 / 10);
}

TEST_CASE("A tenant keeps to its limits of records at once and a second, others do not wait") {
  constexpr int of_each = 80;
  const scenario s{shared_broker(), {.partitions = 1}};
  const auto sent = fill(s, {"few", "slow", "free"}, of_each, "sleep:5");
  auto config = s.scripted("scripted_blocking", {{"concurrency", "12"}});
  config.value("tenants.limits.few", "{ max_in_flight = 2 }");
  config.value("tenants.limits.slow", "{ rate = 40.0 }");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  static_cast<void>(s.require_invariants(sent));
  const auto few = attempts_of(s, "few");
  const auto slow = attempts_of(s, "slow");
  const auto unlimited = attempts_of(s, "free");
  CHECK(most_at_once(few) <= 2);
  // The bucket of the rate holds a quarter of a second and one record.
  CHECK(most_begun(slow, 1s) <= 51);
  CHECK(most_at_once(unlimited) > 2);
  const auto last_end = [](const std::vector<journal_attempt>& attempts) {
    std::int64_t last = 0;
    for (const auto& a : attempts) {
      last = std::max(last, a.finished_ns);
    }
    return last;
  };
  CHECK(last_end(unlimited) < last_end(slow));
}
