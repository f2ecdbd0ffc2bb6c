#include "tests/support/kafka_access.hpp"
#include "tests/support/kafka_client.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

using new_topic_ptr = std::unique_ptr<rd_kafka_NewTopic_t, destroy_with<rd_kafka_NewTopic_destroy>>;
using resource_ptr =
    std::unique_ptr<rd_kafka_ConfigResource_t, destroy_with<rd_kafka_ConfigResource_destroy>>;

constexpr int topic_answer_ms = 30'000;

event_ptr answer(rd_kafka_queue_t* queue, const std::string& what) {
  event_ptr event{rd_kafka_queue_poll(queue, topic_answer_ms)};
  if (!event) {
    FAIL(what << ": no answer");
  }
  require_ok(rd_kafka_event_error(event.get()), what);
  return event;
}

} // namespace

void create_topic(const std::string& bootstrap, const std::string& topic, int partitions,
                  const topic_properties& properties, int replication) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const queue_ptr queue{rd_kafka_queue_new(client.get())};
  std::array<char, 512> text{};
  const new_topic_ptr wanted{
      rd_kafka_NewTopic_new(topic.c_str(), partitions, replication, text.data(), text.size())};
  REQUIRE(wanted);
  for (const auto& [name, value] : properties) {
    require_ok(rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str()), name);
  }
  std::array<rd_kafka_NewTopic_t*, 1> list{wanted.get()};
  rd_kafka_CreateTopics(client.get(), list.data(), list.size(), nullptr, queue.get());
  const auto event = answer(queue.get(), "create topic " + topic);
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    require_ok(rd_kafka_topic_result_error(results[i]), "create topic " + topic);
  }
  static_cast<void>(partition_count(client.get(), topic));
}

void alter_topic(const std::string& bootstrap, const std::string& topic,
                 const topic_properties& properties) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const queue_ptr queue{rd_kafka_queue_new(client.get())};
  const resource_ptr resource{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
  for (const auto& [name, value] : properties) {
    const error_ptr error{rd_kafka_ConfigResource_add_incremental_config(
        resource.get(), name.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.c_str())};
    REQUIRE(!error);
  }
  std::array<rd_kafka_ConfigResource_t*, 1> list{resource.get()};
  rd_kafka_IncrementalAlterConfigs(client.get(), list.data(), list.size(), nullptr, queue.get());
  const auto event = answer(queue.get(), "alter topic " + topic);
  std::size_t count = 0;
  const auto* results = rd_kafka_IncrementalAlterConfigs_result_resources(
      rd_kafka_event_IncrementalAlterConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    require_ok(rd_kafka_ConfigResource_error(results[i]), "alter topic " + topic);
  }
}

std::map<std::int32_t, partition_ends> topic_ends(const std::string& bootstrap,
                                                  const std::string& topic) {
  const auto client = make_client(RD_KAFKA_CONSUMER, bootstrap);
  std::map<std::int32_t, partition_ends> ends;
  const int partitions = partition_count(client.get(), topic);
  for (std::int32_t p = 0; p < partitions; ++p) {
    auto& end = ends[p];
    require_ok(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), p, &end.first,
                                                &end.next, topic_answer_ms),
               "ends of " + topic);
  }
  return ends;
}

} // namespace streamer::test
