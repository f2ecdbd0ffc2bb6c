// A plain group member, as the bare loops use it.
#pragma once

#include "tests/bench/arguments.hpp"
#include "tests/bench/run_result.hpp"

#include <unistd.h>

#include <span>
#include <string_view>
#include <vector>

namespace streamer::bench {

/// A record's tenant; empty if it names none. Valid as long as the message.
[[nodiscard]] inline std::string_view tenant_of(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* tenant = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_header_get_last(headers, tenant_header, &tenant, &size);
  }
  return {static_cast<const char*>(tenant), size};
}

/// The work on one record.
[[nodiscard]] inline std::uint64_t checksum_of(const rd_kafka_message_t& message) {
  return checksum({static_cast<const char*>(message.payload), message.len}, tenant_of(message));
}

/// Subscribed, from the start of the topic, with a group of its own. Offsets are committed every
/// second as far as they are stored, which is left to the caller.
class bare_consumer {
 public:
  explicit bare_consumer(const arguments& given) : topic_{given.topic()}, messages_(batch_records) {
    auto* const conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", given.bootstrap());
    set(conf, "group.id", topic_ + ".bare." + std::to_string(::getpid()));
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "auto.commit.interval.ms", "1000");
    // The one setting that matters here: its default of a second makes every full queue sleep so
    // long.
    set(conf, "fetch.queue.backoff.ms", "5");
    set_all(conf, given.dotted());
    client_ = make_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client_);
    auto* const topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic_.c_str(), RD_KAFKA_PARTITION_UA);
    if (const auto error = rd_kafka_subscribe(client_, topics);
        error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(rd_kafka_err2str(error));
    }
    rd_kafka_topic_partition_list_destroy(topics);
    queue_ = rd_kafka_queue_get_consumer(client_);
  }
  bare_consumer(const bare_consumer&) = delete;
  bare_consumer& operator=(const bare_consumer&) = delete;
  /// Commits what is stored and leaves the group.
  ~bare_consumer() {
    rd_kafka_queue_destroy(queue_);
    rd_kafka_consumer_close(client_);
    rd_kafka_destroy(client_);
  }

  [[nodiscard]] rd_kafka_t* client() const { return client_; }
  [[nodiscard]] const std::string& topic() const { return topic_; }

  /// Up to `most` messages, errors among them; valid until the next call, theirs to destroy is the
  /// caller.
  [[nodiscard]] std::span<rd_kafka_message_t* const> take(int wait_ms,
                                                          std::size_t most = batch_records) {
    const auto count = rd_kafka_consume_batch_queue(queue_, wait_ms, messages_.data(),
                                                    std::min(most, batch_records));
    return std::span{messages_}.first(count > 0 ? static_cast<std::size_t>(count) : 0);
  }

  static constexpr std::size_t batch_records = 1'000;

 private:
  std::string topic_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  std::vector<rd_kafka_message_t*> messages_;
};

/// True, and told, if the message is an error and no record.
[[nodiscard]] inline bool is_error(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  std::fprintf(stderr, "%s\n", rd_kafka_message_errstr(&message));
  return true;
}

} // namespace streamer::bench
