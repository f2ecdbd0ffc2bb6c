#include "tests/kafka/client/cluster_changes.hpp"

#include "tests/support/common.hpp"
#include "tests/support/kafka_client.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>

namespace streamer::test {
namespace {

using admin_queue = std::unique_ptr<rd_kafka_queue_t, destroy_with<rd_kafka_queue_destroy>>;

void require_event_ok(rd_kafka_queue_t* queue, const std::string& what) {
  const event_ptr event{rd_kafka_queue_poll(queue, 30'000)};
  REQUIRE(event != nullptr);
  INFO(what << ": " << rd_kafka_event_error_string(event.get()));
  require_ok(rd_kafka_event_error(event.get()), what);
}

void require_ok(const error_ptr& error) {
  if (error != nullptr) {
    FAIL(rd_kafka_error_string(error.get()));
  }
}

} // namespace

void delete_records(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
                    std::int64_t offset) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const admin_queue queue{rd_kafka_queue_new(client.get())};
  const auto list = new_partition_list(1);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  auto* request = rd_kafka_DeleteRecords_new(list.get());
  rd_kafka_DeleteRecords(client.get(), &request, 1, nullptr, queue.get());
  rd_kafka_DeleteRecords_destroy(request);
  require_event_ok(queue.get(), "delete records");
}

void delete_topic(const std::string& bootstrap, const std::string& topic) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const admin_queue queue{rd_kafka_queue_new(client.get())};
  auto* request = rd_kafka_DeleteTopic_new(topic.c_str());
  rd_kafka_DeleteTopics(client.get(), &request, 1, nullptr, queue.get());
  rd_kafka_DeleteTopic_destroy(request);
  require_event_ok(queue.get(), "delete topic");
  std::this_thread::sleep_for(500ms);
}

void add_partitions(const std::string& bootstrap, const std::string& topic, int total) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  const admin_queue queue{rd_kafka_queue_new(client.get())};
  auto* request =
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(total), nullptr, 0);
  rd_kafka_CreatePartitions(client.get(), &request, 1, nullptr, queue.get());
  rd_kafka_NewPartitions_destroy(request);
  require_event_ok(queue.get(), "add partitions");
}

void write_transaction(const std::string& bootstrap, const std::string& topic, int count,
                       bool commits) {
  const auto client =
      make_client(RD_KAFKA_PRODUCER, bootstrap, {{"transactional.id", unique_name("transaction")}});
  require_ok(error_ptr{rd_kafka_init_transactions(client.get(), 30'000)});
  require_ok(error_ptr{rd_kafka_begin_transaction(client.get())});
  const topic_ptr handle{rd_kafka_topic_new(client.get(), topic.c_str(), nullptr)};
  for (int i = 0; i < count; ++i) {
    // Bare integers: the transaction is what matters.
    require_ok(rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY, &i, sizeof i, nullptr, 0,
                                nullptr) == 0
                   ? RD_KAFKA_RESP_ERR_NO_ERROR
                   : rd_kafka_last_error(),
               "produce");
  }
  require_ok(error_ptr{commits ? rd_kafka_commit_transaction(client.get(), 30'000) : [&] {
    rd_kafka_flush(client.get(), 30'000);
    return rd_kafka_abort_transaction(client.get(), 30'000);
  }()});
}

} // namespace streamer::test
