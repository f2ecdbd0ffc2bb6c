#include "runtime/kafka/partition_lists.hpp"

#include <cstring>

namespace streamer {

topic_partition name_of(const rd_kafka_topic_partition_t& partition) {
  return {partition.topic, partition_id{partition.partition}};
}

std::vector<topic_partition> names_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<topic_partition> names;
  names.reserve(static_cast<std::size_t>(list.cnt));
  for (const auto& partition : span_of(list)) {
    names.push_back(name_of(partition));
  }
  return names;
}

rd_kafka_topic_partition_t& add_partition(rd_kafka_topic_partition_list_t& list,
                                          const topic_partition& tp) {
  return *rd_kafka_topic_partition_list_add(&list, tp.topic.c_str(), tp.partition.value());
}

// The library frees what it finds here with free().
void set_metadata(rd_kafka_topic_partition_t& partition, const std::string& metadata) {
  if (metadata.empty()) {
    return;
  }
  partition.metadata = ::strndup(metadata.data(), metadata.size());
  partition.metadata_size = partition.metadata == nullptr ? 0 : metadata.size();
}

std::string metadata_of(const rd_kafka_topic_partition_t& partition) {
  return partition.metadata == nullptr
             ? std::string{}
             : std::string{static_cast<const char*>(partition.metadata), partition.metadata_size};
}

void* number_as_opaque(std::uint64_t number) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number));
}

std::uint64_t opaque_as_number(const void* opaque) {
  return reinterpret_cast<std::uintptr_t>(opaque);
}

} // namespace streamer
