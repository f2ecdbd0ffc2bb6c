#include "tests/kafka/client/recorder.hpp"
#include "tests/mock/mock_cluster.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <random>

namespace streamer::test {
namespace {

event_batch numbered(const std::string& topic, std::int32_t partition, int first, int count) {
  event_batch batch(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto& event = batch[static_cast<std::size_t>(i)];
    event.topic = topic;
    event.partition = partition_id{partition};
    event.value = std::to_string(first + i);
  }
  return batch;
}

/// The numbers of a partition as they lie in the log.
std::vector<int> stored(const settings& config, std::size_t at_least) {
  recording_consumer reader{config, {.keeps_batches = true}};
  REQUIRE(wait_until([&] { return reader.records() >= at_least; }, 30s));
  std::this_thread::sleep_for(300ms);
  std::vector<int> numbers;
  for (const auto& batch : reader.batches()) {
    for (const auto& r : batch->records()) {
      numbers.push_back(std::stoi(std::string{r.value.view()}));
    }
  }
  return numbers;
}

settings mock_settings(const mock_cluster& cluster, const std::string& topic) {
  auto config = client_settings(cluster.bootstrap(), topic, unique_name("group"));
  config.consumer.group_protocol = group_protocol_kind::consumer;
  return config;
}

} // namespace

TEST_CASE("refusals that pass are sat out: each record is written once, in order") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  const auto config = mock_settings(cluster, "t");
  cluster.fail_next(
      api::produce,
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NO_ERROR,
       RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NO_ERROR,
       RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
       RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR});
  recording_producer producer{config};
  std::vector<std::uint64_t> requests;
  for (int r = 0; r < 20; ++r) {
    requests.push_back(producer.send(numbered("t", 0, r * 50, 50)));
    std::this_thread::sleep_for(10ms);
  }
  for (const auto request : requests) {
    for (const auto& result : producer.results(request)) {
      CHECK(result.state == delivery_state::acknowledged);
    }
  }
  const auto numbers = stored(config, 1'000);
  REQUIRE(numbers.size() == 1'000);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(numbers[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("after a fatal error a new producer sends everything unacknowledged again, in order") {
  const mock_cluster cluster;
  cluster.create_topic("t", 2);
  const auto config = mock_settings(cluster, "t");
  recording_producer producer{config};
  REQUIRE(producer.results(producer.send(numbered("t", 0, 0, 10)))[0].state ==
          delivery_state::acknowledged);
  // The head of the line: librdkafka and the broker disagree for good.
  cluster.fail_next(api::produce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  std::vector<std::uint64_t> requests;
  for (int r = 0; r < 30; ++r) {
    requests.push_back(producer.send(numbered("t", r % 2, 10 + r * 20, 20)));
    std::this_thread::sleep_for(3ms);
  }
  for (const auto request : requests) {
    for (const auto& result : producer.results(request)) {
      CHECK(result.state == delivery_state::acknowledged);
    }
  }
  CHECK(producer.client().status().rebuilt == 1);
  CHECK_FALSE(producer.failure());
  auto numbers = stored(config, 610);
  evidence("610 records after a fatal error: " + std::to_string(numbers.size()) + " in the log");
  // First occurrences keep their order; what was on its way may be there twice.
  for (const int parity : {0, 1}) {
    int last = -1;
    std::set<int> seen;
    for (const auto number : numbers) {
      if (number < 10 || ((number - 10) / 20) % 2 != parity || !seen.insert(number).second) {
        continue;
      }
      REQUIRE(number > last);
      last = number;
    }
    CHECK(seen.size() == 300);
  }
}

TEST_CASE("a producer that is fatally refused each time ends with a reason") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  const auto config = mock_settings(cluster, "t");
  recording_producer producer{config};
  cluster.fail_next(api::init_producer_id,
                    std::vector(60, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED));
  const auto request = producer.send(numbered("t", 0, 0, 3));
  REQUIRE(wait_until([&] { return producer.failure().has_value(); }, 60s));
  CHECK(producer.failure()->find("CLUSTER_AUTHORIZATION_FAILED") != std::string::npos);
  CHECK_FALSE(producer.answered(request));
  CHECK_FALSE(producer.client().close(100ms));
  CHECK(producer.results(request, 1s)[0].state == delivery_state::refused_for_now);
}

TEST_CASE("refusals that last are told, record by record") {
  const mock_cluster cluster;
  cluster.create_topic("t", 1);
  recording_producer producer{mock_settings(cluster, "t")};
  REQUIRE(producer.results(producer.send(numbered("t", 0, 0, 1)))[0].state ==
          delivery_state::acknowledged);
  cluster.fail_next(api::produce, {RD_KAFKA_RESP_ERR_INVALID_RECORD});
  const auto refused = producer.results(producer.send(numbered("t", 0, 1, 2)));
  CHECK(refused[0].state == delivery_state::refused_for_good);
  CHECK(refused[1].error_name == "INVALID_RECORD");
  const auto next = producer.results(producer.send(numbered("t", 0, 3, 1)));
  INFO(next[0].error_name);
  CHECK(next[0].state == delivery_state::acknowledged);
  CHECK(producer.client().status().refused == 2);
}

TEST_CASE("brokers that go and come back lose nothing, seed by seed") {
  const auto seed = chosen_seed();
  for (std::uint64_t round = 0; round < 5; ++round) {
    std::mt19937_64 random{seed + round};
    const mock_cluster cluster{3};
    cluster.create_topic("t", 1);
    const auto config = mock_settings(cluster, "t");
    recording_producer producer{config};
    std::vector<std::uint64_t> requests;
    for (int r = 0; r < 40; ++r) {
      if (random() % 4 == 0) {
        static const std::vector errors{
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT};
        cluster.fail_next(random() % 3 == 0 ? api::metadata : api::produce,
                          {errors[random() % errors.size()]});
      }
      if (random() % 8 == 0) {
        rd_kafka_mock_partition_set_leader(cluster.handle(), "t", 0,
                                           static_cast<std::int32_t>(1 + random() % 3));
      }
      requests.push_back(producer.send(numbered("t", 0, r * 10, 10)));
      std::this_thread::sleep_for(milliseconds{random() % 20});
    }
    for (const auto request : requests) {
      for (const auto& result : producer.results(request)) {
        CHECK(result.state == delivery_state::acknowledged);
      }
    }
    auto numbers = stored(config, 400);
    std::set<int> seen;
    int last = -1;
    for (const auto number : numbers) {
      if (seen.insert(number).second) {
        REQUIRE(number > last);
        last = number;
      }
    }
    CHECK(seen.size() == 400);
  }
}

} // namespace streamer::test
