// F3: hours of load with a random fault a minute.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "tests/chaos/support/fleet.hpp"
#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/scripted_handlers.hpp"

using namespace streamer::test;

namespace {

using clock = std::chrono::steady_clock;

constexpr double soak_rate = 1000;
constexpr int soak_partitions = 6;
constexpr std::uint64_t soak_window = 10'000;
// The ledger of a whole day would not fit into memory: what came out is judged and deleted.
constexpr auto judged_every = 5min;

// What a process holds.
struct holdings {
  double rss_mib = 0;
  double descriptors = 0;
  double threads = 0;
};

holdings holdings_of(pid_t id) {
  const auto place = std::filesystem::path{"/proc"} / std::to_string(id);
  holdings now;
  std::istringstream status{read_file(place / "status")};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      now.rss_mib = std::stod(line.substr(6)) / 1024;
    } else if (line.starts_with("Threads:")) {
      now.threads = std::stod(line.substr(8));
    }
  }
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator{place / "fd"}) {
    ++now.descriptors;
  }
  return now;
}

// The highest of each over a half of the run.
holdings highest(const std::vector<holdings>& samples, std::size_t from, std::size_t to) {
  holdings most;
  for (auto i = from; i < to; ++i) {
    most.rss_mib = std::max(most.rss_mib, samples[i].rss_mib);
    most.descriptors = std::max(most.descriptors, samples[i].descriptors);
    most.threads = std::max(most.threads, samples[i].threads);
  }
  return most;
}

// The soak's workers and their troubles. The worker in place 0 is the witness: it lives through all
// of it, so that what it holds can be compared.
class soak {
 public:
  explicit soak(chaos_report& report)
      : report_{report},
        random_{report.seed()},
        cluster_{1},
        scenario_{cluster_.bootstrap(), {.partitions = soak_partitions}},
        workers_{scenario_, configuration(), report, worker_binary::scripted} {
    for (int i = 0; i < 3; ++i) {
      workers_.add();
    }
    workers_.wait_until_ready();
  }

  void run(std::chrono::minutes how_long) {
    const auto end = clock::now() + how_long;
    while (clock::now() < end) {
      const auto segment_end = std::min(clock::now() + judged_every, end);
      const auto faults_before = harmful_;
      ledger_producer load{scenario_.bootstrap, scenario_.source};
      load.start(
          {.rate = soak_rate, .seed = random_(), .headers = [this](std::uint64_t n) {
             const bool fails = flaky_.load() && n % 3 == 0;
             return fails ? std::vector<header>{{script_header, "retry:2"}} : std::vector<header>{};
           }});
      while (clock::now() < segment_end) {
        const auto minute_end = std::min(clock::now() + 1min, segment_end);
        watch(std::min(minute_end, clock::now() + 20s));
        if (clock::now() + 30s < segment_end) {
          break_something();
        }
        watch(minute_end);
      }
      load.stop();
      scenario_.wait_until_drained(180s);
      judge_segment(load, harmful_ - faults_before);
    }
    workers_.stop_all();
  }

  void require_flat() {
    // The first fifth is for warming up.
    const auto warm = samples_.size() / 5;
    const auto middle = warm + (samples_.size() - warm) / 2;
    REQUIRE(middle > warm);
    const auto first = highest(samples_, warm, middle);
    const auto second = highest(samples_, middle, samples_.size());
    report_.figure("memory in the first half, MiB", first.rss_mib);
    report_.figure("memory in the second half, MiB", second.rss_mib);
    report_.figure("descriptors in the first half", first.descriptors);
    report_.figure("descriptors in the second half", second.descriptors);
    report_.figure("threads in the first half", first.threads);
    report_.figure("threads in the second half", second.threads);
    CHECK(second.rss_mib <= first.rss_mib * 1.1 + 16);
    CHECK(second.descriptors <= first.descriptors + 8);
    CHECK(second.threads <= first.threads + 2);
  }

 private:
  [[nodiscard]] worker_config configuration() const {
    // Nobody reads the attempts of hours.
    auto config = brisk(scenario_.scripted("scripted_async", {{"journal", R"("/dev/null")"}}));
    config.value("runtime.core_dumps", "true"); // lets this test count the descriptors
    config.value("consumer.max_in_flight", std::to_string(soak_window));
    return config;
  }

  // Samples what the witness holds until then.
  void watch(clock::time_point until) {
    while (clock::now() < until) {
      REQUIRE(workers_.at(0).program().running());
      samples_.push_back(holdings_of(workers_.at(0).program().id()));
      std::this_thread::sleep_for(std::min<clock::duration>(5s, until - clock::now()));
    }
  }

  // Any worker but the witness that runs; absent if it is alone.
  [[nodiscard]] std::optional<std::size_t> victim() {
    std::vector<std::size_t> candidates;
    for (std::size_t place = 1; place < workers_.places(); ++place) {
      if (workers_.runs(place)) {
        candidates.push_back(place);
      }
    }
    if (candidates.empty()) {
      return std::nullopt;
    }
    return candidates[random_() % candidates.size()];
  }

  void break_something() {
    flaky_ = false;
    const auto hit = victim();
    switch (hit ? random_() % 6 : 3 + random_() % 3) {
      case 0:
        workers_.kill(*hit);
        told("kill -9 a worker", 1);
        std::this_thread::sleep_for(milliseconds{random_() % 5000});
        workers_.start(*hit);
        break;
      case 1:
        workers_.stop(*hit);
        told("SIGTERM and start again", 0);
        workers_.start(*hit);
        break;
      case 2: freeze(*hit); break;
      case 3: {
        const bool hard = random_() % 2 == 0;
        cluster_.stop_broker(1, hard);
        std::this_thread::sleep_for(milliseconds{random_() % 8000});
        cluster_.start_broker(1);
        // Every session may have ended meanwhile.
        told(hard ? "kill -9 the broker" : "restart the broker", workers_.running());
        break;
      }
      case 4:
        flaky_ = true;
        told("a third of the records fails twice", 0);
        break;
      default: scale(); break;
    }
  }

  // Until the group has given its partitions to others, which its coordinator says.
  void freeze(std::size_t place) {
    const auto members = workers_.running();
    const auto group = [&](std::size_t count, milliseconds timeout) {
      return wait_for_members(scenario_.bootstrap, scenario_.group, count, soak_partitions,
                              timeout);
    };
    // While some are still joining, one less would prove nothing.
    const bool all_there = group(members, 30s);
    workers_.at(place).program().signal(SIGSTOP);
    const bool lost = group(members - 1, brisk_session + 15s);
    workers_.at(place).program().signal(SIGCONT);
    CHECK(all_there);
    CHECK(lost);
    if (all_there && lost) {
      told("SIGSTOP past the session", 1);
    }
  }

  void scale() {
    const auto hit = victim();
    if (hit && (workers_.running() >= 4 || random_() % 2 == 0)) {
      workers_.stop(*hit);
      told("a worker less", 0);
      return;
    }
    for (std::size_t place = 1; place < workers_.places(); ++place) {
      if (!workers_.runs(place)) {
        workers_.start(place);
        told("a worker more", 0);
        return;
      }
    }
    workers_.add();
    told("a worker more", 0);
  }

  // `harm`: how many workers may have lost what they had not committed.
  void told(const std::string& what, std::size_t harm) {
    evidence(what);
    report_.fault(what);
    harmful_ += harm;
  }

  void judge_segment(const ledger_producer& load, std::uint64_t harmful) {
    auto run = scenario_.collect(load.sent());
    leave_out_judged(scenario_.output, run.output);
    leave_out_judged(scenario_.dlq, run.dead);
    const auto bound = harmful * (soak_window + busiest(run.output, 400ms));
    report_.require_invariants(scenario_, run, {.duplicates_allowed = bound});
    for (const auto& topic : {scenario_.source, scenario_.output, scenario_.dlq}) {
      for (const auto& [partition, ends] : topic_ends(scenario_.bootstrap, topic)) {
        judged_[{topic, partition}] = ends.next;
        delete_records(scenario_.bootstrap, topic, partition, ends.next);
      }
    }
  }

  // A broker that is killed within a minute brings back what was deleted: it writes down only once
  // in that time where a log begins (log.flush.start.offset.checkpoint.interval.ms).
  void leave_out_judged(const std::string& topic, std::vector<stored_record>& records) const {
    std::erase_if(records, [&](const stored_record& record) {
      const auto found = judged_.find({topic, record.partition});
      return found != judged_.end() && record.offset < found->second;
    });
  }

  chaos_report& report_;
  std::mt19937_64 random_;
  private_cluster cluster_;
  scenario scenario_;
  fleet workers_;
  std::atomic<bool> flaky_{false};
  std::uint64_t harmful_ = 0;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> judged_; // where the next one begins
  std::vector<holdings> samples_;
};

} // namespace

TEST_CASE("F3: soak under load with a random fault a minute", "[F3]") {
  const std::chrono::minutes how_long{
      std::stol(environment("STREAMER_CHAOS_MINUTES").value_or("30"))};
  chaos_report report{
      "F3", "soak of " + std::to_string(how_long.count()) + " minutes, a random fault a minute"};
  report.rate(soak_rate);
  soak all{report};
  all.run(how_long);
  all.require_flat();
  REQUIRE(5 * report.faults() >= 4 * static_cast<std::uint64_t>(how_long.count()));
}
