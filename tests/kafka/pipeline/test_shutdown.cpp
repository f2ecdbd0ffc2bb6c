// How a worker ends.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

std::vector<header> script_for(const std::string& what) { return {{script_header, what}}; }

} // namespace

TEST_CASE(
    "A handler that still runs at the drain deadline costs exit code 5, and its record is read "
    "again") {
  const auto* kind = GENERATE("scripted_blocking", "scripted_async");
  CAPTURE(kind);
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted(kind);
  config.value("consumer.drain_timeout_ms", "1000");
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  producer.send(maker.make("acme", "slow", 50, script_for("sleep:5000")));
  for (int i = 0; i < 20; ++i) {
    producer.send(maker.make("acme", "quick", 50));
  }
  producer.flush();
  {
    worker w{s.directory(), "first", config, worker_binary::scripted};
    w.wait_until_ready();
    REQUIRE(wait_until([&] { return read_topic(s.bootstrap, s.output).size() == 20; }, 20s, 200ms));
    const auto begin = std::chrono::steady_clock::now();
    const auto status = w.stop();
    INFO(w.log_tail());
    CHECK(status.code == 5);
    CHECK(std::chrono::steady_clock::now() - begin < 4s);
  }
  CHECK(committed_positions(s.bootstrap, s.group, s.source).at(0).offset <= 0);
  const auto before = read_journal(s.journal());
  worker again{s.directory(), "again", config, worker_binary::scripted};
  s.wait_until_drained();
  CHECK(again.stop().code == 0);
  const auto attempts = by_record(read_journal(s.journal())).at({0, 0});
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[1].process != attempts[0].process);
  CHECK(attempts[1].result == "success");
  // The quick ones were done and said so in the metadata.
  CHECK(read_journal(s.journal()).size() == before.size() + 1);
  s.require_invariants(producer.sent());
}

TEST_CASE("A second signal ends the worker at once") {
  const auto signal = GENERATE(SIGTERM, SIGINT);
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted("scripted_async");
  config.value("consumer.drain_timeout_ms", "60000");
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "slow", 50, script_for("sleep:30000")));
  producer.flush();
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  REQUIRE(wait_until([&] { return !read_journal(s.journal()).empty(); }, 30s));
  w.program().signal(signal);
  CHECK_FALSE(w.program().wait(2s));
  CHECK(w.readiness() != 200);
  w.program().signal(signal);
  const auto status = w.program().wait(3s);
  REQUIRE(status);
  evidence("exit code after the second signal: " + std::to_string(status->code) + ", signal " +
           std::to_string(status->signal));
  CHECK(status->code == 5);
  CHECK(committed_positions(s.bootstrap, s.group, s.source).at(0).offset <= 0);
}

TEST_CASE(
    "Records that wait for a retry are not waited for: exit code 0, and the next worker goes "
    "on with the next attempt") {
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted("scripted_async");
  config.value("retry.initial_backoff_ms", "15000");
  config.value("retry.max_backoff_ms", "15000");
  config.value("retry.jitter", "0.0");
  ledger_producer producer{s.bootstrap, s.source};
  producer.send(producer.maker().make("acme", "failing", 50, script_for("retry:1")));
  producer.send(producer.maker().make("acme", "failing", 50));
  producer.send(producer.maker().make("acme", "fine", 50));
  producer.flush();
  worker first{s.directory(), "first", config, worker_binary::scripted};
  REQUIRE(wait_until([&] { return read_journal(s.journal()).size() == 2; }, 30s));
  std::this_thread::sleep_for(500ms);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(first.stop().code == 0);
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  config.value("retry.initial_backoff_ms", "100");
  config.value("retry.max_backoff_ms", "100");
  worker next{s.directory(), "next", config, worker_binary::scripted};
  s.wait_until_drained();
  CHECK(next.stop().code == 0);
  const auto attempts = by_record(read_journal(s.journal())).at({0, 0});
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].attempt == 1);
  CHECK(attempts[1].attempt == 2);
  s.require_invariants(producer.sent());
}
