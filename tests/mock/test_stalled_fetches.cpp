// Partitions whose fetches bring nothing: named, read anew, and at last read by another client. The
// test worker on a mock cluster; see tests/support/starved_fetches.hpp.
#include "tests/mock/mock_cluster.hpp"
#include "tests/support/ledger_producer.hpp"
#include "tests/support/starved_fetches.hpp"
#include "tests/support/worker.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <string>

using namespace streamer::test;

namespace {

constexpr int records = 50;

class starved_worker {
 public:
  starved_worker(const std::string& starved, int max_stall_ms) {
    for (const auto* topic : {"source", "output", "source.dlq"}) {
      cluster_.create_topic(topic, 1);
    }
    ledger_producer producer{cluster_.bootstrap(), "source"};
    producer.run({.rate = 1e9, .seed = 1}, records);
    worker_config config{cluster_.bootstrap(), unique_name("group"), "source"};
    config.protocol("consumer");
    config.value("consumer.max_stall_ms", std::to_string(max_stall_ms));
    config.forward_to("output");
    worker_ =
        std::make_unique<worker>(directory_, "worker", config, worker_binary::scripted,
                                 std::map<std::string, std::string>{{starve_variable, starved}});
  }

  [[nodiscard]] worker& running() { return *worker_; }
  [[nodiscard]] const mock_cluster& cluster() const { return cluster_; }

  [[nodiscard]] double metric(const std::string& name,
                              const std::map<std::string, std::string>& labels = {}) const {
    return metric_sum(worker_->metrics(), name, labels).value_or(0);
  }

  /// Waits until the partition is said to stand still because of `cause`.
  [[nodiscard]] bool stalls(const std::string& cause) const {
    return wait_until(
        [&] {
          const auto told = worker_->log().entries("partition_stalled");
          return std::any_of(told.begin(), told.end(), [&](const auto& line) {
            return line.value("topic", "") == "source" && line.value("partition", -1) == 0 &&
                   line.value("cause", "") == cause;
          });
        },
        60s);
  }

  [[nodiscard]] bool all_done() const {
    return wait_until([&] { return metric("streamer_records_total") >= records; }, 60s);
  }

 private:
  mock_cluster cluster_;
  temporary_directory directory_;
  std::unique_ptr<worker> worker_;
};

} // namespace

TEST_CASE("a partition whose fetches bring nothing is named and read anew, and goes on") {
  starved_worker it{"until_read_again", 1'000};
  INFO(it.running().log_tail());
  REQUIRE(it.stalls("fetch"));
  REQUIRE(it.all_done());
  CHECK(it.metric("streamer_fetch_restarts_total") == 1);
  CHECK(it.metric("streamer_fetch_client_renewals_total") == 0);
  REQUIRE(it.running().log().wait_for("partition_moves", 30s));
  CHECK(it.running().stop().code == 0);
}

TEST_CASE("where reading anew does not help, another client reads: every record, once") {
  starved_worker it{"until_renewed", 1'000};
  INFO(it.running().log_tail());
  REQUIRE(it.stalls("fetch"));
  CHECK(wait_until(
      [&] {
        return it.metric("streamer_stalled_partitions",
                         {{"topic", "source"}, {"partition", "0"}, {"cause", "fetch"}}) == 1;
      },
      10s));
  REQUIRE(it.all_done());
  CHECK(it.running().log().entries("fetch_client_renewed").size() == 1);
  CHECK(it.metric("streamer_fetch_client_renewals_total") == 1);
  CHECK(it.metric("streamer_fetch_restarts_total") == 2);
  CHECK(it.metric("streamer_records_total") == records);
  CHECK(wait_until([&] { return it.metric("streamer_stalled_partitions") == 0; }, 10s));
  CHECK(it.running().stop().code == 0);
}

TEST_CASE("a partition that stands still while no broker answers is named with that cause") {
  starved_worker it{"until_renewed", 4'000};
  INFO(it.running().log_tail());
  REQUIRE(wait_until([&] { return it.metric("streamer_lag_records") == records; }, 60s));
  REQUIRE(rd_kafka_mock_broker_set_down(it.cluster().handle(), 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
  REQUIRE(it.stalls("brokers"));
  CHECK(it.metric("streamer_stalled_partitions",
                  {{"topic", "source"}, {"partition", "0"}, {"cause", "brokers"}}) == 1);
  CHECK(it.running().health() == 200);
  REQUIRE(rd_kafka_mock_broker_set_up(it.cluster().handle(), 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
  CHECK(it.all_done());
}
