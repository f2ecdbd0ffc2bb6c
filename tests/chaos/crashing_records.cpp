// C6: a record that kills the process that handles it.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <random>
#include <set>
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
constexpr std::uint64_t crash_window = 100;
constexpr milliseconds crash_commit_interval = 200ms;

struct way {
  const char* kind;
  const char* verb;
  int signal;
};

// A worker whose calls are short, so that it soon knows whether it lives on without a record.
worker_config crashing(const scenario& s, const char* kind,
                       std::map<std::string, std::string> more = {}) {
  more.try_emplace("timeout_ms", "500");
  auto config = brisk(s.scripted(kind, more));
  config.value("consumer.max_in_flight", std::to_string(crash_window));
  config.value("consumer.commit_interval_ms", std::to_string(crash_commit_interval.count()));
  return config;
}

std::int64_t dead_letters_so_far(const scenario& s) {
  std::int64_t count = 0;
  for (const auto& [partition, ends] : topic_ends(s.bootstrap, s.dlq)) {
    count += ends.next;
  }
  return count;
}

// A load with one record that ends its process, and what the ends of processes cost.
struct poisoned_load {
  static constexpr std::uint64_t poison = 200;

  const scenario& s;
  fleet& workers;
  ledger_producer producer{s.bootstrap, s.source};
  std::uint64_t crashes = 0;
  std::uint64_t repeated = 0; // what the ends so far may repeat

  // So that the group has committed something before the first end.
  void warm_up() {
    producer.run({.rate = 1'000}, 50);
    s.wait_until_drained();
  }
  void start(double rate, std::uint64_t seed, const std::string& verb) {
    warm_up();
    producer.start(
        {.rate = rate, .seed = seed, .headers = [verb](std::uint64_t n) {
           return n == poison ? std::vector<header>{{script_header, verb}} : std::vector<header>{};
         }});
  }
  [[nodiscard]] sent_record poison_record() const {
    const auto sent = producer.sent();
    return *std::find_if(sent.begin(), sent.end(), [](const sent_record& r) {
      return r.headers.back().name == script_header;
    });
  }
  // Just after an end.
  void note_end() { repeated += s.finished_but_uncommitted(producer.sent()); }
  // Starts a worker in every place whose worker has ended, as a service manager does. Every end
  // must be by `signal`.
  void replace_the_dead(int signal) {
    for (std::size_t place = 0; place < workers.places(); ++place) {
      if (workers.at(place).program().running()) {
        continue;
      }
      const auto status = workers.at(place).program().wait(1s);
      INFO(workers.at(place).log_tail());
      REQUIRE(status);
      REQUIRE(status->signal == signal);
      note_end();
      REQUIRE(++crashes <= most_crashes + 2);
      workers.start(place);
    }
  }
  // Restarts whoever dies until the record is in the DLQ and the group has done all there is.
  void run_to_the_end(int signal) {
    const bool condemned = wait_until(
        [&] {
          replace_the_dead(signal);
          return dead_letters_so_far(s) > 0;
        },
        120s, 100ms);
    producer.stop();
    REQUIRE(condemned);
    s.wait_until_drained();
  }
};

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

// Processes in which this record began and that nobody else has ended.
std::size_t crashes_by(const scenario& s, const sent_record& poison,
                       const std::set<int>& killed_from_outside) {
  std::set<int> ended;
  for (const auto& a : read_journal(s.journal())) {
    if (a.partition == poison.partition && a.offset == poison.offset && a.finished_ns == 0 &&
        !killed_from_outside.contains(a.process)) {
      ended.insert(a.process);
    }
  }
  return ended.size();
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
  const auto with = full_run() ? GENERATE(way{"scripted_quick", "segv", SIGSEGV},
                                          way{"scripted_blocking", "segv", SIGSEGV},
                                          way{"scripted_quick", "kill", SIGKILL},
                                          way{"scripted_async", "kill", SIGKILL})
                               : GENERATE(way{"scripted_quick", "segv", SIGSEGV},
                                          way{"scripted_async", "kill", SIGKILL});
  chaos_report report{"C6", std::string{with.kind} + ", " + with.verb + ", one worker"};
  report.needs("crash of a worker by a record", most_crashes);
  const scenario s{shared_broker(), {.partitions = 2}};
  fleet workers{s, crashing(s, with.kind), report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  poisoned_load load{s, workers};
  load.start(300, report.seed(), with.verb);
  load.run_to_the_end(with.signal);
  report.fault("crash of a worker by a record", load.crashes);
  CHECK(load.crashes == most_crashes);
  const auto sent = load.producer.sent();
  require_condemned(s, load.poison_record());
  workers.stop_all();
  CHECK(order_violations(read_journal(s.journal())) == std::vector<std::string>{});
  report.require_invariants(s, sent, {.duplicates_allowed = load.repeated});
}

TEST_CASE("C6: a record kills whichever of three workers has it", "[C6][fast]") {
  const auto with = full_run() ? GENERATE(way{"scripted_quick", "segv", SIGSEGV},
                                          way{"scripted_quick", "kill", SIGKILL})
                               : way{"scripted_quick", "kill", SIGKILL};
  chaos_report report{"C6", std::string{"one record, three workers, "} + with.verb};
  report.needs("crash of a worker by a record", 2);
  const double rate = scaled(300, 1500);
  report.rate(rate);
  const scenario s{shared_broker(), {.partitions = 6}};
  fleet workers{s, crashing(s, with.kind), report, worker_binary::scripted};
  for (int i = 0; i < 3; ++i) {
    workers.add();
  }
  workers.wait_until_ready();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 3, 6, 60s));
  poisoned_load load{s, workers};
  load.start(rate, report.seed(), with.verb);
  load.run_to_the_end(with.signal);
  report.fault("crash of a worker by a record", load.crashes);
  CHECK(load.crashes <= most_crashes);
  const auto sent = load.producer.sent();
  require_condemned(s, load.poison_record());
  workers.stop_all();
  CHECK(order_violations(read_journal(s.journal())) == std::vector<std::string>{});
  report.require_invariants(s, sent, {.duplicates_allowed = load.repeated});
}

TEST_CASE("C6: a record crashes three workers, of which one is killed every few seconds", "[C6]") {
  chaos_report report{"C6", "one record by SIGSEGV, three workers, kill -9 beside it"};
  const auto least = scaled<std::uint64_t>(3, 8);
  report.needs("crash of a worker by a record", 2);
  report.needs("kill -9", least);
  const double rate = scaled(300, 1000);
  report.rate(rate);
  std::mt19937_64 random{report.seed()};
  const scenario s{shared_broker(), {.partitions = 6}};
  fleet workers{s, crashing(s, "scripted_quick"), report, worker_binary::scripted};
  for (int i = 0; i < 3; ++i) {
    workers.add();
  }
  workers.wait_until_ready();
  REQUIRE(wait_for_members(s.bootstrap, s.group, 3, 6, 60s));
  poisoned_load load{s, workers};
  load.start(rate, report.seed(), "segv");
  std::set<int> killed;
  const bool over = wait_until(
      [&] {
        const auto until = std::chrono::steady_clock::now() + 2s + milliseconds{random() % 4'000};
        while (std::chrono::steady_clock::now() < until) {
          load.replace_the_dead(SIGSEGV);
          std::this_thread::sleep_for(100ms);
        }
        const auto victim = random() % workers.places();
        if (workers.at(victim).program().running()) {
          killed.insert(workers.at(victim).program().id());
          workers.kill(victim);
          report.fault("kill -9");
          load.note_end();
          workers.start(victim);
        }
        return dead_letters_so_far(s) > 0 && killed.size() >= least;
      },
      180s, 0ms);
  load.producer.stop();
  REQUIRE(over);
  s.wait_until_drained(90s);
  const auto sent = load.producer.sent();
  const auto crashes = crashes_by(s, load.poison_record(), killed);
  report.fault("crash of a worker by a record", crashes);
  CHECK(crashes <= most_crashes);
  CHECK(crashes == load.crashes);
  // That record and no other.
  require_condemned(s, load.poison_record());
  workers.stop_all();
  CHECK(order_violations(read_journal(s.journal())) == std::vector<std::string>{});
  report.require_invariants(s, sent, {.duplicates_allowed = load.repeated});
}

TEST_CASE("C6: kills from outside condemn nobody, not even who runs alone for long", "[C6][fast]") {
  // The first kill makes suspects of what runs; others meet them while they run alone.
  const auto kills = scaled<std::uint64_t>(4, 20);
  chaos_report report{"C6", "kill -9 from outside, also during runs alone"};
  report.needs("kill -9", kills);
  report.needs("suspect", 1);
  if (full_run()) {
    report.needs("kill -9 during a run alone", 3);
  }
  const scenario s{shared_broker(), {.partitions = 2}};
  fleet workers{s, crashing(s, "scripted_blocking", {{"concurrency", "8"}, {"timeout_ms", "1000"}}),
                report, worker_binary::scripted};
  workers.add();
  workers.wait_until_ready();
  std::mt19937_64 random{report.seed()};
  poisoned_load load{s, workers};
  load.warm_up();
  auto& producer = load.producer;
  auto send_slow_ones = [&producer, key = 0](int count) mutable {
    for (int i = 0; i < count; ++i) {
      producer.send(producer.maker().make("acme", "key-" + std::to_string(++key), 100,
                                          {{script_header, "sleep:400"}}));
    }
    producer.flush();
  };
  send_slow_ones(60);
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    // However far the runs before have come, this one has something to do.
    send_slow_ones(10);
    workers.wait_until_busy(0);
    // At any time: who would wait for a run alone to begin could not be told from the record.
    std::this_thread::sleep_for(milliseconds{random() % 3'000});
    workers.kill(0);
    report.fault("kill -9");
    load.note_end();
    workers.start(0);
    workers.at(0).wait_until_ready();
    const auto found = workers.at(0).log().entries("suspect_found");
    report.fault("suspect", found.size());
    for (const auto& suspect : found) {
      report.fault("kill -9 during a run alone", suspect.value("alone", false) ? 1 : 0);
    }
  }
  s.wait_until_drained(180s);
  CHECK(read_topic(s.bootstrap, s.dlq).empty());
  CHECK(wait_until([&] { return open_marks(s).empty(); }, 20s, 500ms));
  workers.stop_all();
  report.require_invariants(s, producer.sent(), {.duplicates_allowed = load.repeated});
}
