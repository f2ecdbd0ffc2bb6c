#include "tests/support/starved_fetches.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace {

std::string_view starving() {
  static const char* const value = std::getenv(streamer::test::starve_variable);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

// The queue of the first client that reads; only that client is asked through this function.
std::atomic<rd_kafka_queue_t*> first_queue{nullptr};
std::atomic<bool> read_again{false};

bool gives_nothing(rd_kafka_queue_t* queue) {
  rd_kafka_queue_t* none = nullptr;
  const bool first = first_queue.compare_exchange_strong(none, queue) || none == queue;
  return first && (starving() == "until_renewed" ||
                   (starving() == "until_read_again" && !read_again.load()));
}

} // namespace

extern "C" {

// The linker's names for the wrapped functions and for what they wrap (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
ssize_t __real_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most);
ssize_t __wrap_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most);
rd_kafka_error_t* __real_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions);
rd_kafka_error_t* __wrap_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions);

ssize_t __wrap_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most) {
  return gives_nothing(queue)
             ? 0
             : __real_rd_kafka_consume_batch_queue(queue, timeout_ms, messages, most);
}

rd_kafka_error_t* __wrap_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions) {
  read_again = true;
  return __real_rd_kafka_incremental_unassign(client, partitions);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

} // extern "C"
