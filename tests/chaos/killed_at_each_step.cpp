// A5: a crash at exactly one instant between receiving a record and committing it. What it repeats
// is counted before the next worker starts, and the run has to end with just that.
#include <signal.h>
#include <stdlib.h>

#include <catch2/catch_test_macros.hpp>
#include <random>

#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kill_points.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

// Arms a kill point in workers that start while this lives.
class kill_at {
 public:
  kill_at(const std::string& point, std::uint64_t pass) {
    setenv(kill_variable, (point + ":" + std::to_string(pass)).c_str(), 1);
  }
  kill_at(const kill_at&) = delete;
  kill_at& operator=(const kill_at&) = delete;
  ~kill_at() { unsetenv(kill_variable); }
};

// Waits until the worker has killed itself, and counts what that will repeat.
std::uint64_t repeated_after_the_kill(const scenario& s, worker& w, const ledger_producer& load) {
  const auto status = w.program().wait(60s);
  INFO(w.log_tail());
  REQUIRE(status);
  REQUIRE(status->signal == SIGKILL);
  // What the kernel still had of it reaches the broker.
  std::this_thread::sleep_for(500ms);
  return s.finished_but_uncommitted(load.sent());
}

} // namespace

TEST_CASE("A5: kill at each step between a record's arrival and its commit", "[A5][fast]") {
  const std::vector<std::string> steps{"handler_begin", "handler_end", "output_ack",
                                       "dead_letter_ack", "dead_letter_commit"};
  const auto rounds = scaled(1, 4);
  const double rate = scaled(300, 1000);
  chaos_report report{"A5", "kill at each step from arrival to commit"};
  report.rate(rate);
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker()};
  auto config = s.scripted("scripted_async");
  config.value("consumer.commit_interval_ms", "1000");
  // A static member takes its dead predecessor's place at once.
  config.text("consumer.group_instance_id", "static-1");
  ledger_producer load{s.bootstrap, s.source};
  const auto finish_everything = [&](const std::string& name) {
    worker w{s.directory(), name, config, worker_binary::scripted};
    // A hundred poisons of several tenants at once are held like an outage, and with nothing else
    // to tell by, released in tens with pauses of up to 10 s.
    s.wait_until_drained(scaled<std::chrono::milliseconds>(60s, 240s));
    note_memory(report, w);
    CHECK(w.stop().code == 0);
  };
  // Something has been committed before the first kill.
  load.run({.rate = 1e6, .seed = 1}, 200);
  finish_everything("first");
  std::uint64_t predicted = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& step : steps) {
      report.needs("kill at " + step, static_cast<std::uint64_t>(rounds));
      const auto name = step + "-" + std::to_string(round);
      const auto pass = 1 + random() % (step.starts_with("dead_letter") ? 10 : 300);
      const kill_at armed{step, pass};
      load.start({.rate = rate, .seed = random(), .headers = [](std::uint64_t n) {
                    return n % 10 == 0 ? std::vector<header>{{script_header, "reject"}}
                                       : std::vector<header>{};
                  }});
      worker victim{s.directory(), name, config, worker_binary::scripted};
      const auto repeated = repeated_after_the_kill(s, victim, load);
      evidence(step + ", passed " + std::to_string(pass) + " times: " + std::to_string(repeated) +
               " records to be repeated");
      predicted += repeated;
      report.fault("kill at " + step);
      load.stop();
      unsetenv(kill_variable);
      finish_everything(name + "-next");
    }
  }
  report.figure("duplicates predicted", static_cast<double>(predicted));
  const auto result = report.require_invariants(s, load.sent(), {.duplicates_allowed = predicted});
  CHECK(result.duplicates == predicted);
  CHECK(predicted > 0);
}

TEST_CASE("A5: kill inside a revoke", "[A5][fast]") {
  const std::vector<std::string> steps{"revoke_begin", "revoke_commit"};
  const auto rounds = scaled(1, 4);
  const double rate = scaled(300, 1000);
  chaos_report report{"A5", "kill inside a revoke"};
  report.rate(rate);
  const scenario s{shared_broker()};
  auto config = brisk(s.scripted("scripted_async"));
  config.value("consumer.session_timeout_ms", "6000"); // time to count before the other takes over
  config.value("consumer.commit_interval_ms", "1000");
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = rate, .seed = report.seed()});
  std::uint64_t predicted = 0;
  auto owner = std::make_unique<worker>(s.directory(), "first", config, worker_binary::scripted);
  // Two that join at once may get what they then hand over, and the kill would come too early.
  REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 60s));
  for (int round = 0; round < rounds; ++round) {
    for (const auto& step : steps) {
      report.needs("kill at " + step, static_cast<std::uint64_t>(rounds));
      const auto name = step + "-" + std::to_string(round);
      std::unique_ptr<worker> victim;
      {
        const kill_at armed{step, 1};
        victim = std::make_unique<worker>(s.directory(), name, config, worker_binary::scripted);
      }
      // The one without a kill goes, so that the victim has everything, and the next one comes.
      REQUIRE(wait_for_members(s.bootstrap, s.group, 2, 4, 60s));
      CHECK(owner->stop().code == 0);
      REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 60s));
      std::this_thread::sleep_for(1500ms);
      owner =
          std::make_unique<worker>(s.directory(), name + "-next", config, worker_binary::scripted);
      const auto repeated = repeated_after_the_kill(s, *victim, load);
      evidence(step + ": " + std::to_string(repeated) + " records to be repeated");
      predicted += repeated;
      report.fault("kill at " + step);
      REQUIRE(wait_for_members(s.bootstrap, s.group, 1, 4, 60s));
    }
  }
  load.stop();
  s.wait_until_drained();
  note_memory(report, *owner);
  CHECK(owner->stop().code == 0);
  report.figure("duplicates predicted", static_cast<double>(predicted));
  const auto result = report.require_invariants(s, load.sent(), {.duplicates_allowed = predicted});
  CHECK(result.duplicates == predicted);
}
