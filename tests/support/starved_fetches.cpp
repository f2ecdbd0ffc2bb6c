#include "tests/support/starved_fetches.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace {

std::string_view starving() {
  static const char* const value = std::getenv(streamer::test::starve_variable);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

// The client that last began to read a partition, and whether another one has before.
std::atomic<rd_kafka_t*> reader{nullptr};
std::atomic<bool> renewed{false};
std::atomic<bool> read_again{false};

// Only the client that reads is asked through this function.
bool gives_nothing() {
  return (starving() == "until_renewed" && !renewed.load()) ||
         (starving() == "until_read_again" && !read_again.load());
}

// Takes one record out of what was read, and puts it in front of what is read next. All of it
// belongs to the one thread that reads.
class late_records {
 public:
  // What is read goes behind it.
  size_t give_back(rd_kafka_queue_t* queue, rd_kafka_message_t** messages) {
    if (held_ == nullptr || queue != from_) {
      return 0;
    }
    messages[0] = std::exchange(held_, nullptr);
    return 1;
  }

  // Returns how many are left.
  size_t hold_one(rd_kafka_queue_t* queue, rd_kafka_message_t** messages, size_t count) {
    seen_ += count;
    if (held_ != nullptr || left_ == 0 || seen_ < 500 || count < 2 ||
        messages[count - 1]->partition != messages[count - 2]->partition) {
      return count;
    }
    seen_ = 0;
    --left_;
    from_ = queue;
    held_ = messages[count - 2];
    messages[count - 2] = messages[count - 1];
    return count - 1;
  }

 private:
  rd_kafka_message_t* held_ = nullptr;
  rd_kafka_queue_t* from_ = nullptr;
  size_t seen_ = 0;
  int left_ = 5;
};

} // namespace

extern "C" {

// The linker's names for the wrapped functions and for what they wrap (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
ssize_t __real_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most);
ssize_t __wrap_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most);
rd_kafka_queue_t* __real_rd_kafka_queue_get_partition(rd_kafka_t* client, const char* topic,
                                                      int32_t partition);
rd_kafka_queue_t* __wrap_rd_kafka_queue_get_partition(rd_kafka_t* client, const char* topic,
                                                      int32_t partition);
rd_kafka_error_t* __real_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions);
rd_kafka_error_t* __wrap_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions);

ssize_t __wrap_rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                            rd_kafka_message_t** messages, size_t most) {
  if (starving() != "late") {
    return gives_nothing() ? 0
                           : __real_rd_kafka_consume_batch_queue(queue, timeout_ms, messages, most);
  }
  static late_records late;
  const auto first = late.give_back(queue, messages);
  const auto read = __real_rd_kafka_consume_batch_queue(queue, first > 0 ? 0 : timeout_ms,
                                                        messages + first, most - first);
  return static_cast<ssize_t>(
      late.hold_one(queue, messages, first + static_cast<size_t>(std::max<ssize_t>(read, 0))));
}

rd_kafka_queue_t* __wrap_rd_kafka_queue_get_partition(rd_kafka_t* client, const char* topic,
                                                      int32_t partition) {
  auto* const before = reader.exchange(client);
  if (before != nullptr && before != client) {
    renewed = true;
  }
  return __real_rd_kafka_queue_get_partition(client, topic, partition);
}

rd_kafka_error_t* __wrap_rd_kafka_incremental_unassign(
    rd_kafka_t* client, const rd_kafka_topic_partition_list_t* partitions) {
  read_again = true;
  return __real_rd_kafka_incremental_unassign(client, partitions);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

} // extern "C"
