#include "tests/support/kafka_client.hpp"

#include "tests/support/common.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

using metadata_ptr =
    std::unique_ptr<const rd_kafka_metadata_t, destroy_with<rd_kafka_metadata_destroy>>;

void drop_log(const rd_kafka_t*, int, const char*, const char*) {}

int asked_partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* raw = nullptr;
  if (rd_kafka_metadata(client, 0, topic, &raw, 3000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  const metadata_ptr metadata{raw};
  if (metadata->topic_cnt != 1 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    if (metadata->topics[0].partitions[i].leader < 0) {
      return 0;
    }
  }
  return metadata->topics[0].partition_cnt;
}

} // namespace

client_ptr make_client(rd_kafka_type_t type, const std::string& bootstrap,
                       const client_properties& properties,
                       void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*),
                       void* opaque) {
  conf_ptr conf{rd_kafka_conf_new()};
  std::array<char, 512> text{};
  auto all = properties;
  all.emplace("bootstrap.servers", bootstrap);
  all.emplace("topic.metadata.propagation.max.ms", "1000");
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text.data(), text.size()) !=
        RD_KAFKA_CONF_OK) {
      FAIL("the test's own client: " << text.data());
    }
  }
  rd_kafka_conf_set_log_cb(conf.get(), drop_log);
  if (delivered != nullptr) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
  }
  rd_kafka_conf_set_opaque(conf.get(), opaque);
  client_ptr client{rd_kafka_new(type, conf.get(), text.data(), text.size())};
  if (!client) {
    FAIL("the test's own client: " << text.data());
  }
  static_cast<void>(conf.release()); // the client owns it now
  if (type == RD_KAFKA_CONSUMER) {
    rd_kafka_poll_set_consumer(client.get());
  }
  return client;
}

void require_ok(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    FAIL(what << ": " << rd_kafka_err2str(code));
  }
}

int partition_count(rd_kafka_t* client, const std::string& topic) {
  const topic_ptr handle{rd_kafka_topic_new(client, topic.c_str(), nullptr)};
  int count = 0;
  if (!wait_until([&] { return (count = asked_partition_count(client, handle.get())) > 0; }, 20s)) {
    FAIL("topic " << topic << " is not there or has no leaders");
  }
  return count;
}

} // namespace streamer::test
