// Workers that die, are stopped and come back under load.
#include <signal.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <random>

#include "tests/support/broker_fixture.hpp"
#include "tests/support/scenario.hpp"

using namespace streamer::test;

namespace {

// Members of the group notice each other quickly, so that a test can afford ten of something.
worker_config brisk(worker_config config) {
  config.value("consumer.session_timeout_ms", "3000");
  config.value("consumer.properties", "{ \"heartbeat.interval.ms\" = \"500\" }");
  return config;
}

double received(const worker& w) {
  return metric_sum(w.metrics(), "streamer_records_received_total").value_or(0);
}

} // namespace

TEST_CASE("Workers killed hard ten times under load lose nothing and keep the order of every key") {
  constexpr int kills = 10;
  constexpr std::uint64_t max_in_flight = 1000;
  constexpr milliseconds commit_interval = 200ms;
  const auto seed = chosen_seed();
  std::mt19937_64 random{seed};
  const scenario s{shared_broker()};
  auto config = brisk(s.forward());
  config.value("consumer.max_in_flight", std::to_string(max_in_flight));
  config.value("consumer.commit_interval_ms", std::to_string(commit_interval.count()));

  std::array<std::unique_ptr<worker>, 2> workers;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i] = std::make_unique<worker>(s.directory(), "worker-" + std::to_string(i), config);
  }
  workers[0]->wait_until_ready();
  workers[1]->wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1500, .seed = seed});
  for (int kill = 0; kill < kills; ++kill) {
    const std::size_t victim = random() % 2;
    auto& w = *workers[victim];
    // A kill of a worker without work would prove nothing.
    INFO("kill " << kill << " of worker " << victim << "\n" << w.log_tail());
    REQUIRE(wait_until([&] { return received(w) > 0; }, 30s));
    std::this_thread::sleep_for(milliseconds{random() % 2000});
    w.program().signal(SIGKILL);
    const auto status = w.program().wait(5s);
    REQUIRE(status);
    REQUIRE(status->signal == SIGKILL);
    workers[victim] = std::make_unique<worker>(
        s.directory(), "worker-" + std::to_string(victim) + "-" + std::to_string(kill), config);
  }
  load.stop();
  evidence(std::to_string(kills) + " workers killed, each while it received records");
  s.wait_until_drained();
  for (auto& w : workers) {
    CHECK(w->stop().code == 0);
  }
  const auto output = read_topic(s.bootstrap, s.output);
  // A commit may be on its way when the process dies: two intervals.
  const auto bound = kills * (max_in_flight + busiest(output, 2 * commit_interval));
  evidence("duplicates allowed: " + std::to_string(bound));
  s.require_invariants(load.sent(), {.duplicates_allowed = bound});
}

TEST_CASE("Ten rolling restarts under load lose nothing and repeat nothing") {
  constexpr std::size_t restarts = 10;
  const scenario s{shared_broker()};
  const auto config = brisk(s.forward());
  std::array<std::unique_ptr<worker>, 2> workers;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i] = std::make_unique<worker>(s.directory(), "worker-" + std::to_string(i), config);
    workers[i]->wait_until_ready();
  }
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1500, .seed = chosen_seed()});
  std::chrono::steady_clock::duration slowest{};
  for (std::size_t restart = 0; restart < restarts; ++restart) {
    auto& w = workers[restart % workers.size()];
    INFO("restart " << restart << "\n" << w->log_tail());
    // A stop of a worker without work would prove nothing.
    REQUIRE(wait_until([&] { return received(*w) > 0; }, 30s));
    const auto begin = std::chrono::steady_clock::now();
    const auto status = w->stop();
    slowest = std::max(slowest, std::chrono::steady_clock::now() - begin);
    CHECK(status.code == 0);
    w = std::make_unique<worker>(s.directory(), "worker-" + std::to_string(restart) + "-again",
                                 config);
    w->wait_until_ready();
  }
  load.stop();
  evidence(std::to_string(restarts) + " workers stopped, each while it received records; slowest " +
           std::to_string(std::chrono::duration_cast<milliseconds>(slowest).count()) + " ms");
  CHECK(slowest < 10s);
  s.wait_until_drained();
  for (auto& w : workers) {
    CHECK(w->stop().code == 0);
  }
  s.require_invariants(load.sent());
}

TEST_CASE("A worker that sleeps past its session commits nothing when it wakes") {
  const scenario s{shared_broker()};
  const auto config = brisk(s.forward());
  worker sleeper{s.directory(), "sleeper", config};
  sleeper.wait_until_ready();
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 1000, .seed = chosen_seed()});
  REQUIRE(wait_until([&] { return received(sleeper) > 0; }, 30s));
  worker other{s.directory(), "other", config};
  other.wait_until_ready();
  sleeper.program().signal(SIGSTOP);
  // Proof that it was put out of the group: the other one has all partitions.
  REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 30s));
  std::this_thread::sleep_for(2s);
  sleeper.program().signal(SIGCONT);
  REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 30s));
  std::this_thread::sleep_for(1s);
  load.stop();
  s.wait_until_drained();
  CHECK(sleeper.stop().code == 0);
  CHECK(other.stop().code == 0);
  const auto output = read_topic(s.bootstrap, s.output);
  // Commits that go back would be the sleeper's; the oracle looks at each.
  s.require_invariants(load.sent(), {.duplicates_allowed = 10'000 + busiest(output, 400ms)});
}
