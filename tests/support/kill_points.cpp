#include "tests/support/kill_points.hpp"

#include <librdkafka/rdkafka.h>
#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string>

namespace streamer::test {
namespace {

struct armed_point {
  std::string name;
  std::atomic<std::uint64_t> left{0};

  armed_point() {
    const char* text = std::getenv(kill_variable);
    const std::string value = text == nullptr ? "" : text;
    const auto colon = value.find(':');
    if (colon != std::string::npos) {
      std::uint64_t count = 0;
      std::from_chars(value.data() + colon + 1, value.data() + value.size(), count);
      name = value.substr(0, colon);
      left = count;
    }
  }
};

armed_point& armed() {
  static armed_point point;
  return point;
}

// What the wrapped functions have to remember of each other.
std::atomic<bool> dead_letter_acknowledged{false};
std::atomic<bool> revoking{false};

bool is_dead_letter(const rd_kafka_message_t& message) {
  const std::string_view topic = rd_kafka_topic_name(message.rkt);
  return topic.ends_with(".dlq");
}

} // namespace

void pass_kill_point(std::string_view point) {
  if (armed().name == point && armed().left.fetch_sub(1) == 1) {
    raise(SIGKILL);
  }
}

} // namespace streamer::test

using namespace streamer::test;

extern "C" {

// The linker's names for the wrapped functions and for what they wrap (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
const rd_kafka_message_t* __real_rd_kafka_event_message_next(rd_kafka_event_t* event);
const rd_kafka_message_t* __wrap_rd_kafka_event_message_next(rd_kafka_event_t* event);
rd_kafka_resp_err_t __real_rd_kafka_commit_queue(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets, rd_kafka_queue_t* queue,
    void (*callback)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*),
    void* opaque);
rd_kafka_resp_err_t __wrap_rd_kafka_commit_queue(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets, rd_kafka_queue_t* queue,
    void (*callback)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*),
    void* opaque);
rd_kafka_topic_partition_list_t* __real_rd_kafka_event_topic_partition_list(
    rd_kafka_event_t* event);
rd_kafka_topic_partition_list_t* __wrap_rd_kafka_event_topic_partition_list(
    rd_kafka_event_t* event);

const rd_kafka_message_t* __wrap_rd_kafka_event_message_next(rd_kafka_event_t* event) {
  const auto* const message = __real_rd_kafka_event_message_next(event);
  if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
    const bool dead = is_dead_letter(*message);
    dead_letter_acknowledged = dead_letter_acknowledged || dead;
    pass_kill_point(dead ? "dead_letter_ack" : "output_ack");
  }
  return message;
}

rd_kafka_resp_err_t __wrap_rd_kafka_commit_queue(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets, rd_kafka_queue_t* queue,
    void (*callback)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*),
    void* opaque) {
  if (dead_letter_acknowledged) {
    pass_kill_point("dead_letter_commit");
  }
  if (revoking) {
    pass_kill_point("revoke_commit");
  }
  return __real_rd_kafka_commit_queue(client, offsets, queue, callback, opaque);
}

rd_kafka_topic_partition_list_t* __wrap_rd_kafka_event_topic_partition_list(
    rd_kafka_event_t* event) {
  auto* const partitions = __real_rd_kafka_event_topic_partition_list(event);
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE && partitions != nullptr &&
      partitions->cnt > 0 && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    revoking = true;
    pass_kill_point("revoke_begin");
  }
  return partitions;
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

} // extern "C"
