// Owners of librdkafka's objects. Internal to runtime/kafka.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace streamer {

/// Calls a C function that destroys its argument.
template <auto Destroy>
struct destroy_with {
  template <class T>
  void operator()(T* object) const noexcept {
    Destroy(object);
  }
};

using conf_ptr = std::unique_ptr<rd_kafka_conf_t, destroy_with<rd_kafka_conf_destroy>>;
using topic_conf_ptr =
    std::unique_ptr<rd_kafka_topic_conf_t, destroy_with<rd_kafka_topic_conf_destroy>>;
/// Destroying a client joins its threads; every message and queue of it must be gone before.
using client_ptr = std::unique_ptr<rd_kafka_t, destroy_with<rd_kafka_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, destroy_with<rd_kafka_queue_destroy>>;
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, destroy_with<rd_kafka_topic_destroy>>;
using event_ptr = std::unique_ptr<rd_kafka_event_t, destroy_with<rd_kafka_event_destroy>>;
using error_ptr = std::unique_ptr<rd_kafka_error_t, destroy_with<rd_kafka_error_destroy>>;
using headers_ptr = std::unique_ptr<rd_kafka_headers_t, destroy_with<rd_kafka_headers_destroy>>;
using message_ptr = std::unique_ptr<rd_kafka_message_t, destroy_with<rd_kafka_message_destroy>>;
using partition_list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                           destroy_with<rd_kafka_topic_partition_list_destroy>>;
using group_metadata_ptr = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                           destroy_with<rd_kafka_consumer_group_metadata_destroy>>;

/// An empty list with room for `size` partitions.
[[nodiscard]] inline partition_list_ptr new_partition_list(int size = 8) {
  return partition_list_ptr{rd_kafka_topic_partition_list_new(size)};
}

} // namespace streamer
