// Reading and filling librdkafka's partition lists. Internal to runtime/kafka.
#pragma once

#include "messages/ids.hpp"
#include "runtime/kafka/handles.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace streamer {

[[nodiscard]] inline std::span<rd_kafka_topic_partition_t> span_of(
    rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}

[[nodiscard]] inline std::span<const rd_kafka_topic_partition_t> span_of(
    const rd_kafka_topic_partition_list_t& list) {
  return {list.elems, static_cast<std::size_t>(list.cnt)};
}

[[nodiscard]] topic_partition name_of(const rd_kafka_topic_partition_t& partition);
[[nodiscard]] std::vector<topic_partition> names_of(const rd_kafka_topic_partition_list_t& list);

/// Appends the partition without an offset.
rd_kafka_topic_partition_t& add_partition(rd_kafka_topic_partition_list_t& list,
                                          const topic_partition& tp);

/// The element owns a copy of the text; empty text is no metadata.
void set_metadata(rd_kafka_topic_partition_t& partition, const std::string& metadata);
[[nodiscard]] std::string metadata_of(const rd_kafka_topic_partition_t& partition);

/// A request's number as the pointer that comes back with its answer.
[[nodiscard]] void* number_as_opaque(std::uint64_t number);
[[nodiscard]] std::uint64_t opaque_as_number(const void* opaque);

} // namespace streamer
