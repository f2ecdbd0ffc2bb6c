// B6: brokers that answer with errors, over every kind of request that a worker makes. Runs on
// librdkafka's mock cluster, the only one that fails on demand; the worker is the real binary.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <memory>
#include <random>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/chaos/support/error_targets.hpp"
#include "tests/mock/mock_cluster.hpp"

using namespace streamer::test;

namespace {

constexpr int mock_partitions = 3;
constexpr std::uint64_t records_a_run = 300;
constexpr std::size_t mock_tenants = 4;
constexpr std::uint64_t mock_window = 50;
constexpr milliseconds mock_commit_interval = 200ms;
constexpr std::size_t samples_a_run = 5;

// What another run of the seed has to show again.
struct replayable {
  int brokers = 0;
  /// Errors in their order, for each kind of request.
  std::map<std::string, std::vector<rd_kafka_resp_err_t>> plan;
  /// Of the kinds whose plan came to its end: how many errors were answered.
  std::map<std::string, std::uint64_t> answered;
  std::uint64_t acknowledged = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t dead_lettered = 0;
  bool holds = false;
};

// One seed: a cluster of its own, a load, a plan of errors, a worker.
class seeded_run {
 public:
  seeded_run(std::uint64_t seed, const temporary_directory& directory)
      : seed_{seed}, random_{seed}, brokers_{1 + static_cast<int>(random_() % 2)} {
    for (const auto& topic : {source_, output_, dlq_}) {
      cluster_.create_topic(topic, mock_partitions);
    }
    // Where it is not, a partition looks for it for three seconds.
    cluster_.create_topic(group_ + ".suspects", 1);
    // A new group waits so long for more members, and members show so often that they live: both
    // would be three seconds.
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_.handle(), 100);
    rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster_.handle(), 300);
    ledger_producer load{cluster_.bootstrap(), source_};
    load.run({.rate = 1e9, .seed = seed, .tenants = mock_tenants, .value_bytes = 50},
             records_a_run);
    sent_ = load.sent();
    inject();
    worker_ = std::make_unique<worker>(directory, unique_name("seed-" + std::to_string(seed)),
                                       configuration());
  }

  // Whether everything is done and committed, and every error answered that comes for certain. By
  // the worker's own figures: a request of the test's would take an error that is meant for the
  // worker.
  [[nodiscard]] bool drained() {
    INFO(text());
    REQUIRE(worker_->program().running());
    sample_commits();
    const auto samples = worker_->metrics();
    const bool done =
        metric_sum(samples, "streamer_assigned_partitions") == mock_partitions &&
        metric_sum(samples, "streamer_records_received_total").value_or(0) >= records_a_run &&
        metric_sum(samples, "streamer_lag_records") == 0 &&
        std::all_of(plans_.begin(), plans_.end(),
                    [&](const auto& one) { return !one.first->steady || spent(*one.first); });
    // A partition that has just been given back has no lag yet, because its end is not known.
    const auto now = std::chrono::steady_clock::now();
    done_since_ = done ? done_since_.value_or(now) : std::optional<decltype(now)>{};
    return done && now - *done_since_ >= 1s;
  }

  void ask_to_stop(chaos_report& report) {
    note_memory(report, *worker_);
    worker_->program().signal(SIGTERM);
  }

  // Waits for the worker's end, counts the errors that really were answered, and judges.
  replayable finish(chaos_report& report) {
    INFO(text());
    const auto ended = worker_->program().wait(30s);
    REQUIRE(ended);
    CHECK(ended->code == 0);
    replayable shown{.brokers = brokers_, .plan = {}, .answered = {}};
    std::uint64_t costly = 0;
    std::uint64_t failed_commits = 0;
    bool gap = false;
    for (const auto& [of, plan] : plans_) {
      const auto came = static_cast<std::ptrdiff_t>(std::min(plan.size(), requests(of->request)));
      const auto answered =
          static_cast<std::uint64_t>(std::count_if(plan.begin(), plan.begin() + came, is_error));
      costly +=
          static_cast<std::uint64_t>(std::count_if(plan.begin(), plan.begin() + came, is_costly));
      failed_commits += of->request == commit_request ? answered : 0;
      gap = gap || std::find(plan.begin(), plan.begin() + came,
                             RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER) != plan.begin() + came;
      report.fault(std::string{"error answered to "} + of->name, answered);
      shown.plan[of->name] = plan;
      if (spent(*of)) {
        shown.answered[of->name] = answered;
      }
      // What is left of the plan is not for the test's own clients.
      rd_kafka_mock_clear_request_errors(cluster_.handle(), of->request);
    }
    take_sample();
    for (const auto& [partition, ends] : topic_ends(cluster_.bootstrap(), source_)) {
      CAPTURE(partition);
      CHECK(samples_.back().committed.at(partition).offset == ends.next);
    }
    run_record run;
    run.sent = sent_;
    run.output = read_topic(cluster_.bootstrap(), output_);
    run.dead = read_topic(cluster_.bootstrap(), dlq_);
    // What was in flight, and what had been finished since the last commit that was taken.
    const auto a_loss = mock_window + busiest(run.output, mock_commit_interval *
                                                              static_cast<int>(2 + failed_commits));
    number_by_samples(run);
    // A producer that was told of a gap is replaced. A broker would refuse what it had still sent,
    // the mock cluster stores it before what comes again from its successor.
    const auto verdict =
        report.require_run(run, {.duplicates_allowed = costly * a_loss, .ordered = !gap});
    shown.acknowledged = verdict.acknowledged;
    shown.forwarded = verdict.forwarded;
    shown.dead_lettered = verdict.dead_lettered;
    shown.holds = verdict.holds();
    return shown;
  }

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::string text() const {
    return "seed " + std::to_string(seed_) + "\n" + worker_->log_tail();
  }
  // Commits that another client saw while the worker ran.
  [[nodiscard]] std::size_t sampled() const { return samples_.size() - 1; }

 private:
  std::optional<std::chrono::steady_clock::time_point> done_since_;
  static constexpr std::int16_t commit_request = 8;
  static constexpr std::int16_t committed_request = 9;
  static constexpr std::int16_t coordinator_request = 10;

  // What was committed, and how far the output went right after that.
  struct commit_sample {
    std::map<std::int32_t, committed_position> committed;
    std::map<std::int32_t, partition_ends> output;
    std::map<std::int32_t, partition_ends> dead;
  };

  [[nodiscard]] bool classic() const { return seed_ % 2 == 0; }

  [[nodiscard]] worker_config configuration() const {
    worker_config config{cluster_.bootstrap(), group_, source_};
    if (classic()) {
      // The mock cluster lets a member that joins again wait for a second less than a session.
      config.value("consumer.session_timeout_ms", "3000");
      config.value("consumer.properties",
                   R"({ "fetch.error.backoff.ms" = "20", "heartbeat.interval.ms" = "300" })");
    } else {
      config.protocol("consumer");
      config.value("consumer.properties", R"({ "fetch.error.backoff.ms" = "20" })");
    }
    config.forward_to(output_);
    config.value("consumer.commit_interval_ms", std::to_string(mock_commit_interval.count()));
    config.value("consumer.max_in_flight", std::to_string(mock_window));
    // So that commits come between the records, and what one error may cost is a part of them.
    for (std::size_t t = 0; t < mock_tenants; ++t) {
      config.value("tenants.limits.tenant-" + std::to_string(t), "{ rate = 40.0 }");
    }
    // The mock cluster stores a batch whose predecessor it has refused, where a broker would see
    // the gap in their sequence numbers, so no batch may be on its way beside another: the client
    // would take the refused one for stored.
    config.value("producer.properties", R"({ "max.in.flight.requests.per.connection" = "1" })");
    config.value("kafka.properties",
                 R"({ "reconnect.backoff.max.ms" = "200", "retry.backoff.max.ms" = "200" })");
    return config;
  }

  void inject() {
    rd_kafka_mock_start_request_tracking(cluster_.handle());
    for (const auto& t : error_targets()) {
      if (t.of == (classic() ? protocol::consumer : protocol::classic)) {
        continue;
      }
      auto& plan = plans_[&t];
      for (auto left = random_() % (t.most + 1); left > 0;) {
        const bool fails = random_() % 2 == 0;
        plan.push_back(fails ? t.errors[random_() % t.errors.size()] : RD_KAFKA_RESP_ERR_NO_ERROR);
        left -= fails ? 1U : 0U;
      }
      rd_kafka_mock_push_request_errors_array(cluster_.handle(), t.request, plan.size(),
                                              plan.data());
    }
  }

  // How many requests of a kind have come.
  [[nodiscard]] std::size_t requests(std::int16_t kind) const {
    std::size_t count = 0;
    auto* const all = rd_kafka_mock_get_requests(cluster_.handle(), &count);
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      found += rd_kafka_mock_request_api_key(all[i]) == kind ? 1U : 0U;
    }
    rd_kafka_mock_request_destroy_array(all, count);
    return found;
  }

  // Whether all that was planned for a kind of request has been answered.
  [[nodiscard]] bool spent(const error_target& t) const {
    return requests(t.request) >= plans_.at(&t).size();
  }

  // Once the errors are spent that its own requests would take.
  void sample_commits() {
    const bool may = std::all_of(plans_.begin(), plans_.end(), [&](const auto& one) {
      const auto kind = one.first->request;
      return (kind != committed_request && kind != coordinator_request) || spent(*one.first);
    });
    if (may && samples_.size() < samples_a_run) {
      take_sample();
    }
  }

  void take_sample() {
    commit_sample one;
    one.committed = committed_positions(cluster_.bootstrap(), group_, source_);
    one.output = topic_ends(cluster_.bootstrap(), output_);
    one.dead = topic_ends(cluster_.bootstrap(), dlq_);
    samples_.push_back(std::move(one));
  }

  // The mock cluster has no append times; the samples are the clock: a record's time is the first
  // sample that found it written, a commit's the one that found it made.
  void number_by_samples(run_record& run) const {
    const auto number = [&](std::vector<stored_record>& stored, auto ends) {
      for (auto& record : stored) {
        const auto first =
            std::find_if(samples_.begin(), samples_.end(), [&](const commit_sample& s) {
              return record.offset < (s.*ends).at(record.partition).next;
            });
        record.timestamp_ms = first - samples_.begin();
      }
    };
    number(run.output, &commit_sample::output);
    number(run.dead, &commit_sample::dead);
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      for (const auto& [partition, position] : samples_[i].committed) {
        if (position.offset >= 0) {
          run.commits.push_back({partition, position.offset, {}, static_cast<std::int64_t>(i)});
        }
      }
    }
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  int brokers_;
  mock_cluster cluster_{brokers_};
  std::string source_ = unique_name("source");
  std::string output_ = source_ + ".output";
  std::string dlq_ = source_ + ".dlq";
  std::string group_ = unique_name("group");
  std::map<const error_target*, std::vector<rd_kafka_resp_err_t>> plans_;
  std::vector<sent_record> sent_;
  std::vector<commit_sample> samples_;
  std::unique_ptr<worker> worker_;
};

// Two runs of one seed: the same errors in the same order, and the same end.
void require_replayed(const replayable& first, const replayable& again) {
  REQUIRE(first.brokers == again.brokers);
  REQUIRE(first.plan == again.plan);
  for (const auto& [kind, answered] : first.answered) {
    if (const auto found = again.answered.find(kind); found != again.answered.end()) {
      INFO(kind);
      CHECK(found->second == answered);
    }
  }
  CHECK(first.acknowledged == again.acknowledged);
  CHECK(first.forwarded == again.forwarded);
  CHECK(first.dead_lettered == again.dead_lettered);
  CHECK(first.holds == again.holds);
}

} // namespace

TEST_CASE("B6: injected errors over produce, fetch, commit, join and heartbeat", "[B6][fast]") {
  constexpr std::uint64_t side_by_side = 10;
  constexpr std::uint64_t twice_every = 20;
  const auto seeds = scaled<std::uint64_t>(100, 300);
  chaos_report report{"B6", "injected errors on the mock cluster, both group protocols, by seed"};
  for (const auto& t : error_targets()) {
    report.needs(std::string{"error answered to "} + t.name, t.needed);
  }
  const temporary_directory directory;
  std::size_t sampled = 0;
  std::uint64_t repeated = 0;
  for (std::uint64_t first = 0; first < seeds; first += side_by_side) {
    std::vector<std::unique_ptr<seeded_run>> runs;
    for (auto i = first; i < std::min(seeds, first + side_by_side); ++i) {
      runs.push_back(std::make_unique<seeded_run>(report.seed() + i, directory));
      if (i % twice_every == 0) {
        runs.push_back(std::make_unique<seeded_run>(report.seed() + i, directory));
      }
    }
    std::vector<bool> done(runs.size());
    const bool all_done = wait_until(
        [&] {
          for (std::size_t i = 0; i < runs.size(); ++i) {
            if (!done[i] && runs[i]->drained()) {
              runs[i]->ask_to_stop(report);
              done[i] = true;
            }
          }
          return std::all_of(done.begin(), done.end(), [](bool d) { return d; });
        },
        90s, 100ms);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!done[i]) {
        UNSCOPED_INFO("not done: " << runs[i]->text());
      }
    }
    REQUIRE(all_done);
    std::map<std::uint64_t, replayable> shown;
    for (auto& run : runs) {
      INFO("seed " << run->seed() << ": STREAMER_TEST_SEED=" << run->seed() << " repeats it first");
      const auto result = run->finish(report);
      sampled += run->sampled();
      if (const auto [at, fresh] = shown.try_emplace(run->seed(), result); !fresh) {
        require_replayed(at->second, result);
        ++repeated;
      }
    }
  }
  report.figure("seeds", static_cast<double>(seeds));
  report.figure("seeds repeated", static_cast<double>(repeated));
  report.figure("commits sampled while workers ran", static_cast<double>(sampled));
  CHECK(repeated == (seeds + twice_every - 1) / twice_every);
  CHECK(2 * sampled >= seeds);
  report.require_faults();
  REQUIRE(report.faults() >= scaled<std::uint64_t>(600, 2000));
}
