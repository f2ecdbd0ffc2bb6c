// What librdkafka alone can do, on one thread: the measure of the worker in `scripts/bench drain`.
//
//   drain_bare BOOTSTRAP TOPIC RECORDS [PROPERTY=VALUE …]
//
// A batch loop as one would write it by hand: it reads the tenant's header, computes the checksum,
// and commits what is done every second.
#include "tests/bench/drain_client.hpp"
#include "tests/bench/drain_task.hpp"

#include <unistd.h>

#include <span>
#include <string_view>
#include <vector>

namespace streamer::bench {
namespace {

constexpr std::size_t batch_records = 1'000;
constexpr std::chrono::seconds patience{30};

std::uint64_t process(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* tenant = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_header_get_last(headers, tenant_header, &tenant, &size);
  }
  return checksum({static_cast<const char*>(message.payload), message.len},
                  {static_cast<const char*>(tenant), size});
}

rd_kafka_t* subscribe(const char* bootstrap, const char* topic,
                      const std::vector<std::string>& properties) {
  auto* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "group.id", std::string{topic} + ".bare." + std::to_string(::getpid()));
  set(conf, "auto.offset.reset", "earliest");
  set(conf, "enable.auto.offset.store", "false");
  set(conf, "auto.commit.interval.ms", "1000");
  // The one setting that matters here: its default of a second makes every full queue sleep so
  // long.
  set(conf, "fetch.queue.backoff.ms", "5");
  for (const auto& property : properties) {
    const auto equals = property.find('=');
    if (equals == std::string::npos) {
      fail("'" + property + "' is not PROPERTY=VALUE");
    }
    set(conf, property.substr(0, equals).c_str(), property.substr(equals + 1));
  }
  auto* const client = make_client(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client);
  auto* const topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(client, topics); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(rd_kafka_err2str(error));
  }
  rd_kafka_topic_partition_list_destroy(topics);
  return client;
}

int run(const char* bootstrap, const char* topic, std::uint64_t records,
        const std::vector<std::string>& properties) {
  auto* const client = subscribe(bootstrap, topic, properties);
  auto* const queue = rd_kafka_queue_get_consumer(client);
  std::vector<rd_kafka_message_t*> messages(batch_records);
  drain_result done;
  done.last = clock::now();
  while (done.records < records && clock::now() - done.last < patience) {
    const auto count = rd_kafka_consume_batch_queue(queue, 10, messages.data(), messages.size());
    if (count <= 0) {
      continue;
    }
    auto* const offsets = rd_kafka_topic_partition_list_new(12);
    for (auto* const message : std::span{messages}.first(static_cast<std::size_t>(count))) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        std::fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
        continue;
      }
      if (done.records++ == 0) {
        done.first = clock::now();
      }
      done.checksum += process(*message);
      auto* next = rd_kafka_topic_partition_list_find(offsets, topic, message->partition);
      if (next == nullptr) {
        next = rd_kafka_topic_partition_list_add(offsets, topic, message->partition);
      }
      next->offset = message->offset + 1;
    }
    rd_kafka_offsets_store(client, offsets);
    rd_kafka_topic_partition_list_destroy(offsets);
    for (auto* const message : std::span{messages}.first(static_cast<std::size_t>(count))) {
      rd_kafka_message_destroy(message);
    }
    done.last = clock::now();
  }
  print_result(done);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return done.records >= records ? 0 : 1;
}

} // namespace
} // namespace streamer::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: drain_bare BOOTSTRAP TOPIC RECORDS [PROPERTY=VALUE ...]\n", stderr);
    return 2;
  }
  return streamer::bench::run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                              {argv + 4, argv + argc});
}
