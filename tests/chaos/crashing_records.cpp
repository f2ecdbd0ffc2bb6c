// C6: a record that kills the process that handles it.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "actors/consumer/suspect.hpp"
#include "actors/dlq/dead_letter_record.hpp"
#include "tests/chaos/support/fleet.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/journal.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

constexpr std::uint64_t most_crashes = 4; // one that makes it a suspect, three alone

// Starts a worker in every place whose worker has ended, as a service manager does. Every end must
// be by `signal`.
std::uint64_t replace_the_dead(fleet& workers, int signal) {
  std::uint64_t crashes = 0;
  for (std::size_t place = 0; place < workers.places(); ++place) {
    if (workers.at(place).program().running()) {
      continue;
    }
    const auto status = workers.at(place).program().wait(1s);
    INFO(workers.at(place).log_tail());
    REQUIRE(status);
    REQUIRE(status->signal == signal);
    ++crashes;
    workers.start(place);
  }
  return crashes;
}

// Restarts whoever dies until the group has done all there is. Returns the crashes.
std::uint64_t run_to_the_end(const scenario& s, fleet& workers, int signal) {
  std::uint64_t crashes = 0;
  const bool drained = wait_until(
      [&] {
        crashes += replace_the_dead(workers, signal);
        REQUIRE(crashes <= most_crashes + 2);
        return group_lag(s.bootstrap, s.group, s.source) == 0;
      },
      120s, 200ms);
  REQUIRE(drained);
  return crashes;
}

// The last mark of every suspect, of those that are not cleared.
std::map<std::string, std::string> open_marks(const scenario& s) {
  std::map<std::string, std::string> open;
  for (const auto& r : read_topic(s.bootstrap, s.group + ".suspects")) {
    open.erase(r.key.value_or(""));
    if (r.value) {
      open.emplace(r.key.value_or(""), *r.value);
    }
  }
  return open;
}

void require_condemned(const scenario& s, const sent_record& poison) {
  const auto dead = read_topic(s.bootstrap, s.dlq);
  REQUIRE(dead.size() == 1);
  const auto& letter = dead.front();
  CHECK(letter.header_value(streamer::dlq_header::reason) == "crash");
  CHECK(letter.header_value(streamer::dlq_header::offset) == std::to_string(poison.offset));
  CHECK(letter.header_value(streamer::dlq_header::delivery_count) == "4");
  CHECK(letter.key == poison.key);
  CHECK(wait_until([&] { return open_marks(s).empty(); }, 20s, 500ms));
}

} // namespace

TEST_CASE("C6: a record kills the one worker there is", "[C6][fast]") {
  struct way {
    const char* kind;
    const char* verb;
    int signal;
  };
  const auto with = full_run() ? GENERATE(way{"scripted_quick", "segv", SIGSEGV},
                                          way{"scripted_blocking", "segv", SIGSEGV},
                                          way{"scripted_quick", "kill", SIGKILL},
                                          way{"scripted_async", "kill", SIGKILL})
                               : GENERATE(way{"scripted_quick", "segv", SIGSEGV},
                                          way{"scripted_async", "kill", SIGKILL});
  chaos_report report{"C6", std::string{with.kind} + ", " + with.verb + ", one worker"};
  report.needs("crash of a worker by a record", most_crashes);
  const scenario s{shared_broker(), {.partitions = 2}};
  const auto config = brisk(s.scripted(with.kind));
  ledger_producer producer{s.bootstrap, s.source};
  auto& maker = producer.maker();
  constexpr int records = 400;
  constexpr int poison = 150;
  for (int i = 0; i < records; ++i) {
    const std::vector<header> script{{script_header, with.verb}};
    producer.send(maker.make("acme", "key-" + std::to_string(i % 20), 100,
                             i == poison ? script : std::vector<header>{}));
  }
  producer.flush();
  fleet workers{s, config, report, worker_binary::scripted};
  workers.add();
  const auto crashes = run_to_the_end(s, workers, with.signal);
  report.fault("crash of a worker by a record", crashes);
  CHECK(crashes == most_crashes);
  const auto sent = producer.sent();
  require_condemned(s, sent[poison]);
  workers.stop_all();
  report.require_invariants(s, sent, {.duplicates_allowed = crashes * records});
}

TEST_CASE("C6: a record kills whichever of three workers has it", "[C6][fast]") {
  chaos_report report{"C6", "one record, three workers, SIGSEGV"};
  report.needs("crash of a worker by a record", 2);
  const double rate = scaled(300, 1500);
  report.rate(rate);
  const scenario s{shared_broker(), {.partitions = 6}};
  const auto config = brisk(s.scripted("scripted_quick"));
  fleet workers{s, config, report, worker_binary::scripted};
  for (int i = 0; i < 3; ++i) {
    workers.add();
  }
  workers.wait_until_ready();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 3, 6, 60s));
  ledger_producer load{s.bootstrap, s.source};
  constexpr std::uint64_t poison = 200;
  load.start(
      {.rate = rate, .seed = report.seed(), .headers = [](std::uint64_t n) {
         return n == poison ? std::vector<header>{{script_header, "segv"}} : std::vector<header>{};
       }});
  std::uint64_t crashes = 0;
  const bool condemned = wait_until(
      [&] {
        crashes += replace_the_dead(workers, SIGSEGV);
        REQUIRE(crashes <= most_crashes + 2);
        return topic_ends(s.bootstrap, s.dlq).at(0).next +
                   topic_ends(s.bootstrap, s.dlq).at(1).next >
               0;
      },
      120s, 200ms);
  load.stop();
  REQUIRE(condemned);
  report.fault("crash of a worker by a record", crashes);
  CHECK(crashes <= most_crashes);
  s.wait_until_drained();
  require_condemned(s, load.sent()[poison]);
  workers.stop_all();
  report.require_invariants(s, load.sent(), {.duplicates_allowed = crashes * 10'000});
}

TEST_CASE("C6: kills from outside condemn nobody", "[C6][fast]") {
  chaos_report report{"C6", "kill -9 from outside while calls run"};
  const auto kills = scaled<std::uint64_t>(4, 12);
  report.needs("kill -9", kills);
  const scenario s{shared_broker(), {.partitions = 2}};
  const auto config = brisk(s.scripted("scripted_blocking", {{"concurrency", "8"}}));
  fleet workers{s, config, report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  std::mt19937_64 random{report.seed()};
  ledger_producer load{s.bootstrap, s.source};
  load.start({.rate = 50, .seed = report.seed(), .headers = [](std::uint64_t) {
                return std::vector<header>{{script_header, "sleep:100"}};
              }});
  std::size_t suspects = 0;
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    workers.wait_until_busy(0);
    std::this_thread::sleep_for(milliseconds{random() % 1'000});
    workers.kill(0);
    report.fault("kill -9");
    workers.start(0);
    workers.at(0).wait_until_ready();
    suspects += workers.at(0).log().entries("suspect_found").size();
  }
  load.stop();
  s.wait_until_drained();
  // Proof that the kills met calls: otherwise there was nobody to be condemned.
  report.figure("suspects", static_cast<double>(suspects));
  CHECK(suspects > 0);
  CHECK(read_topic(s.bootstrap, s.dlq).empty());
  CHECK(wait_until([&] { return open_marks(s).empty(); }, 20s, 500ms));
  workers.stop_all();
  report.require_invariants(s, load.sent(), {.duplicates_allowed = kills * 10'000});
}
