#include "tests/support/kafka_access.hpp"
#include "tests/support/kafka_client.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

std::optional<std::string> copied(const void* data, std::size_t size) {
  if (data == nullptr) {
    return std::nullopt;
  }
  return std::string{static_cast<const char*>(data), size};
}

std::vector<header> headers_of(const rd_kafka_message_t* message) {
  std::vector<header> result;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return result;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    result.push_back({name, copied(value, size)});
  }
  return result;
}

stored_record stored(const rd_kafka_message_t* message) {
  stored_record result;
  result.topic = rd_kafka_topic_name(message->rkt);
  result.partition = message->partition;
  result.offset = message->offset;
  result.timestamp_ms = rd_kafka_message_timestamp(message, nullptr);
  result.key = copied(message->key, message->key_len);
  result.value = copied(message->payload, message->len);
  result.headers = headers_of(message);
  return result;
}

} // namespace

std::optional<std::string> stored_record::header_value(std::string_view name) const {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const header& h) { return h.name == name; });
  return found == headers.rend() ? std::nullopt : found->value;
}

std::vector<stored_record> read_topic(const std::string& bootstrap, const std::string& topic,
                                      visibility sees, milliseconds timeout) {
  const auto client =
      make_client(RD_KAFKA_CONSUMER, bootstrap,
                  {{"group.id", "none"},
                   {"enable.auto.commit", "false"},
                   {"enable.partition.eof", "true"},
                   {"fetch.wait.max.ms", "50"},
                   {"fetch.queue.backoff.ms", "5"},
                   {"fetch.message.max.bytes", "20000000"},
                   {"check.crcs", "true"},
                   {"isolation.level",
                    sees == visibility::committed_only ? "read_committed" : "read_uncommitted"}});
  const int partitions = partition_count(client.get(), topic);
  const auto list = new_partition_list(partitions);
  for (std::int32_t p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  require_ok(rd_kafka_assign(client.get(), list.get()), "assign " + topic);

  std::vector<stored_record> records;
  std::vector<bool> at_end(static_cast<std::size_t>(partitions), false);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::find(at_end.begin(), at_end.end(), false) != at_end.end()) {
    if (std::chrono::steady_clock::now() > deadline) {
      FAIL("topic " << topic << " could not be read to its end in " << timeout.count() << " ms");
    }
    const message_ptr message{rd_kafka_consumer_poll(client.get(), 100)};
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!at_end[static_cast<std::size_t>(message->partition)]) {
        records.push_back(stored(message.get()));
      }
    } else if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_end[static_cast<std::size_t>(message->partition)] = true;
    }
  }
  rd_kafka_assign(client.get(), nullptr);
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.offset) < std::tie(b.partition, b.offset);
  });
  return records;
}

} // namespace streamer::test
