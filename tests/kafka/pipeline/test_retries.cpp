// Failing records: attempts, order, and what a restart or a rebalance remembers of them.
#include <signal.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <memory>
#include <set>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

std::vector<header> script_of(const std::string& what) { return {{script_header, what}}; }

// Constant, exact pauses between attempts.
worker_config with_backoff(worker_config config, int pause_ms, int max_attempts) {
  config.value("retry.initial_backoff_ms", std::to_string(pause_ms));
  config.value("retry.max_backoff_ms", std::to_string(pause_ms));
  config.value("retry.multiplier", "1.0");
  config.value("retry.jitter", "0.0");
  config.value("retry.max_attempts", std::to_string(max_attempts));
  return config;
}

std::string list_of(const std::vector<journal_attempt>& attempts) {
  std::string text;
  for (const auto& a : attempts) {
    text += " " + std::to_string(a.attempt) + "@" + std::to_string(a.process) + ":" + a.result;
  }
  return text;
}

} // namespace

TEST_CASE("A failing key holds back itself alone, in every form of handler") {
  const auto* kind = GENERATE("scripted_quick", "scripted_blocking", "scripted_async");
  CAPTURE(kind);
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = s.scripted(kind);
  config.value("retry.initial_backoff_ms", "100");
  config.value("retry.max_backoff_ms", "800");
  config.value("retry.multiplier", "2.0");
  config.value("retry.jitter", "0.2");
  worker w{s.directory(), "worker", config, worker_binary::scripted};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  // Attempts 1 to 5 fail: pauses of 100, 200, 400, 800 and 800 ms, each up to a fifth off.
  producer.send(maker.make("acme", "failing", 100, script_of("retry:5")));
  for (int i = 0; i < 300; ++i) {
    if (i % 10 == 0) {
      producer.send(maker.make("acme", "failing", 100));
    }
    producer.send(maker.make("acme", "healthy-" + std::to_string(i % 7), 100));
    std::this_thread::sleep_for(5ms);
  }
  producer.flush();
  s.wait_until_drained();
  CHECK(w.stop().code == 0);
  const auto sent = producer.sent();
  s.require_invariants(sent);

  const auto attempts = read_journal(s.journal());
  for (const auto& violation : order_violations(attempts)) {
    FAIL_CHECK(violation);
  }
  const auto records = by_record(attempts);
  const auto& failing = records.at({sent[0].partition, sent[0].offset});
  INFO("attempts:" << list_of(failing));
  REQUIRE(failing.size() == 6);
  constexpr std::array<std::int64_t, 5> pauses_ms{100, 200, 400, 800, 800};
  for (std::size_t i = 0; i < failing.size(); ++i) {
    CHECK(failing[i].attempt == i + 1);
    if (i > 0) {
      const auto pause = (failing[i].started_ns - failing[i - 1].finished_ns) / 1'000'000;
      CHECK(pause >= pauses_ms[i - 1] * 8 / 10 - 5);
      CHECK(pause <= pauses_ms[i - 1] * 12 / 10 + 1000);
    }
  }
  // The healthy keys' records that were sent while the key failed did not wait for it.
  const auto until = failing.back().started_ns;
  std::size_t done_meanwhile = 0;
  for (const auto& a : attempts) {
    if (a.key == "failing") {
      CHECK((a.offset == sent[0].offset || a.started_ns >= failing.back().finished_ns));
    } else if (a.finished_ns < until) {
      ++done_meanwhile;
      CHECK(a.attempt == 1);
    }
  }
  evidence(std::string{kind} + ": " + std::to_string(done_meanwhile) +
           " of 300 healthy records done while the key failed");
  CHECK(done_meanwhile >= 200);
}

TEST_CASE("A record that waits for its retry goes on with the next attempt at its new owner") {
  constexpr std::uint32_t max_attempts = 16;
  const auto* protocol = GENERATE("classic", "consumer");
  CAPTURE(protocol);
  const scenario s{shared_broker(), {.partitions = 2}};
  auto config = with_backoff(s.scripted("scripted_async"), 500, max_attempts);
  config.protocol(protocol);
  worker first{s.directory(), "first", config, worker_binary::scripted};
  first.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  for (std::int32_t partition = 0; partition < 2; ++partition) {
    producer.send_to(partition, maker.make("acme", "poison-" + std::to_string(partition), 50,
                                           script_of("retry")));
    for (int i = 0; i < 20; ++i) {
      producer.send_to(partition, maker.make("acme", "fine-" + std::to_string(partition), 50));
    }
  }
  producer.flush();
  REQUIRE(wait_until([&] { return read_journal(s.journal()).size() >= 44; }, 20s));
  worker second{s.directory(), "second", config, worker_binary::scripted};
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 2, 30s));
  s.wait_until_drained();
  CHECK(first.stop().code == 0);
  CHECK(second.stop().code == 0);
  const auto sent = producer.sent();
  const auto result = s.require_invariants(sent);
  CHECK(result.dead_lettered == 2);

  std::size_t moved = 0;
  const auto records = by_record(read_journal(s.journal()));
  for (const auto& record : sent) {
    if (!record.key->starts_with("poison")) {
      continue;
    }
    const auto& attempts = records.at({record.partition, record.offset});
    evidence(record.id() + ":" + list_of(attempts));
    REQUIRE(attempts.size() == max_attempts);
    std::set<int> processes;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      CHECK(attempts[i].attempt == i + 1);
      processes.insert(attempts[i].process);
    }
    moved += processes.size() == 2 ? 1U : 0U;
  }
  // Otherwise nothing moved while it waited, and the test proved nothing.
  REQUIRE(moved >= 1);
  for (const auto& dead : read_topic(s.bootstrap, s.dlq)) {
    CHECK(dead.header_value("__dlq.errors.delivery.count") == std::to_string(max_attempts));
  }
}

TEST_CASE(
    "One failing key holds the frontier for 20 s, then kill -9: finished work is not repeated "
    "and attempts are not forgotten") {
  constexpr double rate = 200;
  constexpr milliseconds commit_interval = 200ms;
  const scenario s{shared_broker(), {.partitions = 1}};
  auto config = with_backoff(s.scripted("scripted_async"), 500, 1000);
  config.value("retry.max_elapsed_ms", "600000");
  config.value("consumer.session_timeout_ms", "3000");
  auto held = std::make_unique<worker>(s.directory(), "held", config, worker_binary::scripted);
  held->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.send(load.maker().make("acme", "failing", 50, script_of("until:open")));
  load.flush();
  load.start({.rate = rate, .seed = chosen_seed(), .value_bytes = 50});
  std::this_thread::sleep_for(20s);
  load.stop();
  const auto before = committed_positions(s.bootstrap, s.group, s.source).at(0);
  held->program().signal(SIGKILL);
  const auto killed = held->program().wait(5s);
  REQUIRE(killed);
  REQUIRE(killed->signal == SIGKILL);
  CHECK(before.offset == 0);
  CHECK_FALSE(before.metadata.empty());
  evidence("frontier at 0 with " + std::to_string(load.acknowledged_count()) +
           " records behind it, metadata of " + std::to_string(before.metadata.size()) + " bytes");
  const auto attempts_before = by_record(read_journal(s.journal())).at({0, 0});

  worker next{s.directory(), "next", config, worker_binary::scripted};
  next.wait_until_ready();
  REQUIRE(wait_until(
      [&] {
        return by_record(read_journal(s.journal())).at({0, 0}).size() > attempts_before.size();
      },
      30s));
  s.open_gate("open");
  s.wait_until_drained();
  const auto done_before =
      metric_sum(next.metrics(), "streamer_records_total", {{"outcome", "already_done"}});
  CHECK(next.stop().code == 0);
  const auto attempts = by_record(read_journal(s.journal())).at({0, 0});
  const auto last = attempts_before.back().attempt;
  const auto first_again = attempts[attempts_before.size()].attempt;
  evidence("attempts before the kill: " + std::to_string(last) +
           ", first one after it: " + std::to_string(first_again) +
           ", already done: " + std::to_string(done_before.value_or(-1)));
  CHECK(last >= 20);
  CHECK(attempts[attempts_before.size()].process != attempts_before.back().process);
  // The very last attempt may not have been committed when the process died.
  CHECK(first_again >= last);
  CHECK(first_again <= last + 1);
  CHECK(done_before.value_or(0) > 0.9 * static_cast<double>(load.acknowledged_count()));
  // What was finished after the last commit may be repeated: two intervals' worth.
  const auto bound =
      static_cast<std::uint64_t>(rate * 2 * static_cast<double>(commit_interval.count()) / 1000);
  s.require_invariants(load.sent(), {.duplicates_allowed = bound});
}
