#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/kafka/client/recorder.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>

namespace streamer::test {
namespace {

outbound_event event_of(const std::string& topic, std::optional<std::string> key,
                        std::optional<std::string> value) {
  outbound_event event;
  event.topic = topic;
  event.key = std::move(key);
  event.value = std::move(value);
  return event;
}

} // namespace

TEST_CASE("each event of a request is acknowledged with its place, in order per partition") {
  const auto broker = shared_broker();
  const auto topic = unique_name("produced");
  create_topic(broker, topic, 5);
  const auto config = client_settings(broker, topic, "none");
  recording_producer producer{config};
  std::vector<std::uint64_t> requests;
  for (int r = 0; r < 50; ++r) {
    event_batch batch;
    for (int i = 0; i < 200; ++i) {
      batch.push_back(
          event_of(topic, "key-" + std::to_string(i % 37), std::to_string(r * 200 + i)));
    }
    requests.push_back(producer.send(std::move(batch)));
  }
  std::map<std::int32_t, std::int64_t> next;
  for (const auto request : requests) {
    for (const auto& result : producer.results(request)) {
      REQUIRE(result.state == delivery_state::acknowledged);
      // Offsets of one partition rise with the order of submission.
      REQUIRE(result.offset.value() == next[result.partition.value()]++);
    }
  }
  CHECK(producer.client().status().acknowledged == 10'000);
  CHECK(producer.client().status().waiting_events == 0);
  const auto stored = read_topic(broker, topic);
  CHECK(stored.size() == 10'000);
}

TEST_CASE("events are placed as asked: partition, seed, key as Java's clients do, or anywhere") {
  const auto broker = shared_broker();
  const auto topic = unique_name("placed");
  create_topic(broker, topic, 4);
  const auto config = client_settings(broker, topic, "none");
  recording_producer producer{config};
  event_batch batch;
  auto fixed = event_of(topic, "a", "fixed");
  fixed.partition = partition_id{3};
  batch.push_back(fixed);
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    auto seeded = event_of(topic, std::nullopt, "seeded");
    seeded.partition_seed = seed;
    batch.push_back(seeded);
    seeded.key = "k";
    batch.push_back(seeded);
  }
  // Murmur2 of Java's DefaultPartitioner, for 4 partitions.
  for (const auto* key : {"key-1", "key-2", "abc", ""}) {
    batch.push_back(event_of(topic, key, "keyed"));
  }
  const auto results = producer.results(producer.send(std::move(batch)));
  CHECK(results[0].partition == partition_id{3});
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    const auto expected = partition_id{static_cast<std::int32_t>(seed % 4)};
    CHECK(results[1 + 2 * seed].partition == expected);
    CHECK(results[2 + 2 * seed].partition == expected);
  }
  CHECK(results[17].partition == partition_id{0});
  CHECK(results[18].partition == partition_id{2});
  CHECK(results[19].partition == partition_id{3});
  CHECK(results[20].partition == partition_id{1});

  std::set<std::int32_t> anywhere;
  for (int i = 0; i < 400 && anywhere.size() < 4; ++i) {
    const auto placed = producer.results(producer.send({event_of(topic, std::nullopt, "x")}));
    anywhere.insert(placed[0].partition.value());
  }
  CHECK(anywhere.size() == 4);
}

TEST_CASE("a partition or a topic that does not exist, or a bad name, is refused for good") {
  const auto broker = shared_broker();
  const auto topic = unique_name("missing");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, "none");
  config.kafka.properties["topic.metadata.propagation.max.ms"] = "2000";
  recording_producer producer{config};
  auto nowhere = event_of(topic, "a", "b");
  nowhere.partition = partition_id{7};
  const auto results = producer.results(producer.send({event_of(topic, "a", "b"), nowhere}));
  CHECK(results[0].state == delivery_state::acknowledged);
  CHECK(results[1].state == delivery_state::refused_for_good);
  CHECK(results[1].error_name == "_UNKNOWN_PARTITION");

  const auto bad = producer.results(producer.send({event_of("no such/topic", "a", "b")}));
  CHECK(bad[0].state == delivery_state::refused_for_good);
  INFO(bad[0].error_name);
  CHECK((bad[0].error_name == "TOPIC_EXCEPTION" || bad[0].error_name == "_UNKNOWN_TOPIC"));

  const auto other = unique_name("later");
  const auto from = std::chrono::steady_clock::now();
  const auto unknown = producer.results(producer.send({event_of(other, "a", "b")}));
  CHECK(unknown[0].state == delivery_state::refused_for_good);
  CHECK(unknown[0].error_name == "UNKNOWN_TOPIC_OR_PART");
  evidence("an unknown topic was refused after " +
           std::to_string(
               std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - from)
                   .count()) +
           " ms");
  create_topic(broker, other, 1);
  const auto created = std::chrono::steady_clock::now();
  REQUIRE(wait_until(
      [&] {
        return producer.results(producer.send({event_of(other, "a", "b")}))[0].state ==
               delivery_state::acknowledged;
      },
      60s, 100ms));
  evidence("and taken " +
           std::to_string(
               std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - created)
                   .count()) +
           " ms after its creation");
}

TEST_CASE("what is too large is refused for good and said to be too large, others are not") {
  const auto broker = shared_broker();
  const auto topic = unique_name("large");
  create_topic(broker, topic, 1, {{"max.message.bytes", "200000"}});
  auto config = client_settings(broker, topic, "none");
  config.producer.compression = compression_kind::none;

  SECTION("by the topic") {
    recording_producer producer{
        config,
        producer_mode::worker,
        {.largest_message_bytes = 1'048'588, .largest_batch_bytes = 200'000}};
    event_batch batch;
    for (int i = 0; i < 300; ++i) {
      batch.push_back(event_of(topic, "k", std::string(i == 150 ? 300'000 : 1'000, 'x')));
    }
    const auto results = producer.results(producer.send(std::move(batch)));
    for (std::size_t i = 0; i < results.size(); ++i) {
      CHECK((results[i].state == delivery_state::acknowledged) == (i != 150));
    }
    CHECK(results[150].state == delivery_state::refused_for_good);
    CHECK(results[150].too_large);
    CHECK(results[150].error_name == "MSG_SIZE_TOO_LARGE");
  }
  SECTION("by the client, without sending it") {
    recording_producer producer{config};
    const auto results =
        producer.results(producer.send({event_of(topic, "k", std::string(2'000'000, 'x')),
                                        event_of(topic, "k", std::string(100, 'x'))}));
    CHECK(results[0].state == delivery_state::refused_for_good);
    CHECK(results[0].too_large);
    CHECK(results[1].state == delivery_state::acknowledged);
  }
  SECTION("although they travel in one batch with it") {
    recording_producer producer{config};
    event_batch batch;
    for (int i = 0; i < 900; ++i) {
      batch.push_back(event_of(topic, "k", std::string(1'000, 'x')));
    }
    for (const auto& result : producer.results(producer.send(std::move(batch)))) {
      CHECK(result.state == delivery_state::acknowledged);
    }
  }
}

TEST_CASE("records of 10 MB go out and come in where the topic allows them") {
  const auto broker = shared_broker();
  const auto topic = unique_name("ten");
  create_topic(broker, topic, 1, {{"max.message.bytes", "12000000"}});
  const auto config = client_settings(broker, topic, unique_name("group"));
  recording_producer producer{
      config,
      producer_mode::worker,
      {.largest_message_bytes = 12'000'000, .largest_batch_bytes = 1'000'000}};
  std::string value(10'000'000, 'x');
  for (std::size_t i = 0; i < value.size(); ++i) {
    value[i] = static_cast<char>(i * 2'654'435'761U >> 13U);
  }
  REQUIRE(
      producer.results(producer.send({event_of(topic, "a", value), event_of(topic, "b", "")}))[0]
          .state == delivery_state::acknowledged);
  recording_consumer consumer{config, {.keeps_batches = true}};
  REQUIRE(wait_until([&] { return consumer.records() == 2; }, 30s));
  CHECK(consumer.batches().front()->records()[0].value.view() == value);
}

TEST_CASE("close waits for what is on its way, and gives up at its deadline") {
  const auto broker = shared_broker();
  const auto topic = unique_name("closing");
  create_topic(broker, topic, 2);
  SECTION("with a broker that answers") {
    recording_producer producer{client_settings(broker, topic, "none")};
    std::vector<std::uint64_t> requests;
    for (int r = 0; r < 20; ++r) {
      requests.push_back(producer.send(event_batch(1'000, event_of(topic, "k", "v"))));
    }
    CHECK(producer.client().close(20s));
    CHECK(producer.client().close(20s));
    for (const auto request : requests) {
      for (const auto& result : producer.results(request, 1ms)) {
        CHECK(result.state == delivery_state::acknowledged);
      }
    }
    const auto late = producer.results(producer.send({event_of(topic, "k", "v")}), 1ms);
    CHECK(late[0].state == delivery_state::refused_for_now);
  }
  SECTION("without one") {
    recording_producer producer{client_settings("127.0.0.1:1", topic, "none")};
    std::vector<std::uint64_t> requests;
    for (int r = 0; r < 3; ++r) {
      requests.push_back(producer.send(event_batch(100, event_of(topic, "k", "v"))));
    }
    const auto from = std::chrono::steady_clock::now();
    CHECK_FALSE(producer.client().close(500ms));
    CHECK(std::chrono::steady_clock::now() - from < 3s);
    for (const auto request : requests) {
      for (const auto& result : producer.results(request, 1ms)) {
        CHECK(result.state == delivery_state::refused_for_now);
        CHECK(result.error_name == "_PURGE_QUEUE");
      }
    }
    CHECK_FALSE(producer.client().status().connected);
  }
}

TEST_CASE("ingest gives a record up after its delivery timeout, a worker never") {
  auto config = client_settings("127.0.0.1:1", "nowhere", "none");
  config.producer.delivery_timeout = milliseconds{1'500};
  recording_producer ingest{config, producer_mode::ingest};
  recording_producer worker{config, producer_mode::worker};
  const auto kept = worker.send({event_of("nowhere", "k", "v")});
  const auto results = ingest.results(ingest.send({event_of("nowhere", "k", "v")}), 10s);
  CHECK(results[0].state == delivery_state::refused_for_now);
  CHECK(results[0].error_name == "_MSG_TIMED_OUT");
  CHECK_FALSE(worker.answered(kept));
}

TEST_CASE("a full queue is back-pressure: nothing is lost or reordered") {
  const auto broker = shared_broker();
  const auto topic = unique_name("full");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, "none");
  config.producer.properties["queue.buffering.max.messages"] = "500";
  recording_producer producer{config};
  std::vector<std::uint64_t> requests;
  for (int r = 0; r < 20; ++r) {
    requests.push_back(producer.send(event_batch(1'000, event_of(topic, "k", "v"))));
  }
  std::int64_t next = 0;
  for (const auto request : requests) {
    for (const auto& result : producer.results(request)) {
      REQUIRE(result.state == delivery_state::acknowledged);
      REQUIRE(result.offset.value() == next++);
    }
  }
  CHECK(producer.client().status().queue_full > 0);
}

} // namespace streamer::test
