// B6: brokers that answer with errors, over every kind of request that a worker makes. Runs on
// librdkafka's mock cluster, the only one that fails on demand; the worker is the real binary.
#include <signal.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <memory>
#include <random>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/mock/mock_cluster.hpp"

using namespace streamer::test;

namespace {

constexpr int partitions = 3;
constexpr std::uint64_t records = 300;
constexpr std::int16_t consumer_group_heartbeat = 68;

// A kind of request and the errors with which it may be answered.
struct target {
  const char* name;
  std::int16_t request;
  std::size_t most; ///< errors in one run
  std::vector<rd_kafka_resp_err_t> errors;
};

const std::vector<target>& targets() {
  static const std::vector<target> all{
      {"produce",
       0,
       6,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER}},
      {"fetch",
       1,
       8,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"commit",
       8,
       5,
       {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
        RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR__TRANSPORT}},
      {"committed offsets",
       9,
       3,
       {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR__TRANSPORT}},
      {"find coordinator",
       10,
       2,
       {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR__TRANSPORT}},
      {"producer id",
       22,
       2,
       {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR__TRANSPORT}},
      {"join or heartbeat",
       consumer_group_heartbeat,
       4,
       {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        RD_KAFKA_RESP_ERR__TRANSPORT}},
  };
  return all;
}

// One seed: a cluster of its own, a load, a plan of errors, a worker.
class seeded_run {
 public:
  seeded_run(std::uint64_t seed, const temporary_directory& directory)
      : seed_{seed}, random_{seed}, cluster_{1 + static_cast<int>(random_() % 2)} {
    for (const auto& topic : {source_, output_, dlq_}) {
      cluster_.create_topic(topic, partitions);
    }
    ledger_producer load{cluster_.bootstrap(), source_};
    load.run({.rate = 1e9, .seed = seed, .value_bytes = 50}, records);
    sent_ = load.sent();
    inject();
    worker_config config{cluster_.bootstrap(), group_, source_};
    config.protocol("consumer");
    config.forward_to(output_);
    config.value("kafka.properties",
                 R"({ "reconnect.backoff.max.ms" = "200", "retry.backoff.max.ms" = "200" })");
    config.value("consumer.properties", R"({ "fetch.error.backoff.ms" = "20" })");
    worker_ = std::make_unique<worker>(directory, "seed-" + std::to_string(seed), config);
  }

  // Whether everything is done and committed. By the worker's own figures: a request of the test's
  // would take an error that is meant for the worker.
  [[nodiscard]] bool drained() {
    INFO("seed " << seed_ << "\n" << worker_->log_tail());
    REQUIRE(worker_->program().running());
    const auto samples = worker_->metrics();
    return metric_sum(samples, "streamer_assigned_partitions") == partitions &&
           metric_sum(samples, "streamer_records_received_total").value_or(0) >= records &&
           metric_sum(samples, "streamer_lag_records") == 0;
  }

  void ask_to_stop(chaos_report& report) {
    note_memory(report, *worker_);
    worker_->program().signal(SIGTERM);
  }

  // Waits for the worker's end, counts the errors that really were answered, and judges.
  void finish(chaos_report& report) {
    INFO("seed " << seed_ << "\n" << worker_->log_tail());
    const auto ended = worker_->program().wait(30s);
    REQUIRE(ended);
    CHECK(ended->code == 0);
    std::uint64_t costly = 0;
    for (const auto& [of, plan] : plans_) {
      const auto came =
          static_cast<std::ptrdiff_t>(std::min(plan.size(), requests_of(of->request)));
      const auto answered = std::count_if(plan.begin(), plan.begin() + came, is_error);
      costly +=
          static_cast<std::uint64_t>(std::count_if(plan.begin(), plan.begin() + came, is_costly));
      report.fault(std::string{"error answered to "} + of->name,
                   static_cast<std::uint64_t>(answered));
      // What is left of the plan is not for the test's own clients.
      rd_kafka_mock_clear_request_errors(cluster_.handle(), of->request);
    }
    run_record run;
    run.sent = sent_;
    run.output = read_topic(cluster_.bootstrap(), output_);
    run.dead = read_topic(cluster_.bootstrap(), dlq_);
    report.require_run(run, {.duplicates_allowed = costly * records, .append_times = false});
  }

  [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
  static bool is_error(rd_kafka_resp_err_t code) { return code != RD_KAFKA_RESP_ERR_NO_ERROR; }
  // It costs the membership, and with it what had not been committed; or the producer, and with it
  // the knowledge of what is on its way; or a connection, and with it the answer to what the mock
  // cluster has stored: unlike a real broker, it does not know a batch that is sent again.
  static bool is_costly(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           code == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
  }

  void inject() {
    rd_kafka_mock_start_request_tracking(cluster_.handle());
    for (const auto& t : targets()) {
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
  [[nodiscard]] std::size_t requests_of(std::int16_t request) const {
    std::size_t count = 0;
    auto* const all = rd_kafka_mock_get_requests(cluster_.handle(), &count);
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      found += rd_kafka_mock_request_api_key(all[i]) == request ? 1U : 0U;
    }
    rd_kafka_mock_request_destroy_array(all, count);
    return found;
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  mock_cluster cluster_;
  std::string source_ = unique_name("source");
  std::string output_ = source_ + ".output";
  std::string dlq_ = source_ + ".dlq";
  std::string group_ = unique_name("group");
  std::map<const target*, std::vector<rd_kafka_resp_err_t>> plans_;
  std::vector<sent_record> sent_;
  std::unique_ptr<worker> worker_;
};

} // namespace

TEST_CASE("B6: injected errors over produce, fetch, commit, join and heartbeat", "[B6][fast]") {
  constexpr std::uint64_t side_by_side = 10;
  const auto seeds = scaled<std::uint64_t>(100, 300);
  chaos_report report{"B6", "injected errors on the mock cluster, seed by seed"};
  for (const auto& t : targets()) {
    report.needs(std::string{"error answered to "} + t.name, 10);
  }
  const temporary_directory directory;
  for (std::uint64_t first = 0; first < seeds; first += side_by_side) {
    std::vector<std::unique_ptr<seeded_run>> runs;
    for (auto i = first; i < std::min(seeds, first + side_by_side); ++i) {
      runs.push_back(std::make_unique<seeded_run>(report.seed() + i, directory));
    }
    for (auto& run : runs) {
      INFO("seed " << run->seed() << ": STREAMER_TEST_SEED=" << run->seed() << " repeats it first");
      REQUIRE(wait_until([&] { return run->drained(); }, 60s, 100ms));
      run->ask_to_stop(report);
    }
    for (auto& run : runs) {
      run->finish(report);
    }
  }
  report.figure("seeds", static_cast<double>(seeds));
  report.require_faults();
  REQUIRE(report.faults() >= scaled<std::uint64_t>(600, 2000));
}
