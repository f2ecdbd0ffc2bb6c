#include "tests/kafka/client/cluster_changes.hpp"
#include "tests/kafka/client/recorder.hpp"
#include "tests/support/broker_fixture.hpp"
#include "tests/support/kafka_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace streamer::test {

TEST_CASE("a topic that does not exist yet is waited for and then read") {
  const auto broker = shared_broker();
  const auto topic = unique_name("unknown");
  const auto config = client_settings(broker, topic, unique_name("group"));
  recording_consumer consumer{config};
  std::this_thread::sleep_for(3s);
  CHECK_FALSE(consumer.failure());
  create_topic(broker, topic, 2);
  fill(config, topic, 2, 100);
  const auto from = std::chrono::steady_clock::now();
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 60s));
  evidence("a new topic was read after " +
           std::to_string(
               std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - from)
                   .count()) +
           " ms");
}

TEST_CASE("a pattern takes the topics that match it, also later ones") {
  const auto broker = shared_broker();
  const auto prefix = unique_name("pattern");
  create_topic(broker, prefix + "-a", 1);
  auto config = client_settings(broker, "^" + prefix + "-.*", unique_name("group"));
  fill(config, prefix + "-a", 1, 10);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 10; }, 30s));
  create_topic(broker, prefix + "-b", 1);
  fill(config, prefix + "-b", 1, 10);
  CHECK(wait_until([&] { return consumer.records() == 20; }, 60s));
}

TEST_CASE("partitions that are added are read") {
  const auto broker = shared_broker();
  const auto topic = unique_name("added");
  create_topic(broker, topic, 1);
  const auto config = client_settings(broker, topic, unique_name("group"));
  fill(config, topic, 1, 10);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 10; }, 30s));
  add_partitions(broker, topic, 3);
  REQUIRE(wait_until([&] { return consumer.owned() == 3; }, 60s));
  fill(config, topic, 3, 30);
  CHECK(wait_until([&] { return consumer.records() == 40; }, 30s));
}

TEST_CASE("a topic that is created anew with fewer records is read from its start") {
  const auto broker = shared_broker();
  const auto topic = unique_name("recreated");
  create_topic(broker, topic, 1);
  auto config = client_settings(broker, topic, unique_name("group"));
  config.consumer.on_out_of_range = out_of_range_kind::earliest;
  fill(config, topic, 1, 100);
  recording_consumer consumer{config};
  REQUIRE(wait_until([&] { return consumer.records() == 100; }, 30s));
  consumer.commit_all();
  delete_topic(broker, topic);
  std::this_thread::sleep_for(3s);
  create_topic(broker, topic, 1);
  fill(config, topic, 1, 50);
  const auto from = std::chrono::steady_clock::now();
  CHECK(wait_until([&] { return consumer.records() == 150; }, 90s));
  evidence("records of the new topic arrived after " +
           std::to_string(
               std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - from)
                   .count()) +
           " ms; " + std::to_string(consumer.records()) + " records");
}

} // namespace streamer::test
