// Which offsets a bare loop may commit when its records are not done in order.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <deque>
#include <unordered_map>

namespace streamer::bench {

/// The lowest unfinished offset of each partition. The topics of the measurements have no gaps, so
/// an offset is a position.
class offset_book {
 public:
  void received(std::int32_t id, std::int64_t offset) {
    auto& p = partitions_[id];
    if (p.done.empty()) {
      p.base = offset;
    }
    p.done.push_back(false);
  }

  void finished(std::int32_t id, std::int64_t offset) {
    auto& p = partitions_[id];
    p.done[static_cast<std::size_t>(offset - p.base)] = true;
    while (!p.done.empty() && p.done.front()) {
      p.done.pop_front();
      ++p.base;
      p.moved = true;
    }
  }

  /// Stores what has moved, for the client's next commit.
  void store(rd_kafka_t* client, const char* topic) {
    auto* const offsets = rd_kafka_topic_partition_list_new(12);
    for (auto& [id, p] : partitions_) {
      if (p.moved) {
        rd_kafka_topic_partition_list_add(offsets, topic, id)->offset = p.base;
        p.moved = false;
      }
    }
    rd_kafka_offsets_store(client, offsets);
    rd_kafka_topic_partition_list_destroy(offsets);
  }

 private:
  struct partition {
    std::int64_t base = 0;
    std::deque<bool> done;
    bool moved = false;
  };
  std::unordered_map<std::int32_t, partition> partitions_;
};

} // namespace streamer::bench
