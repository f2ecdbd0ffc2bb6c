#pragma once

#include "actors/consumer/record_source.hpp"
#include "runtime/kafka/kafka_batch.hpp"
#include "runtime/kafka/read_order.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace streamer {

/// One ownership of one partition: where it is read, and where its records go.
struct route {
  topic_partition tp;
  assignment_epoch epoch;
  std::string lane_source; ///< of a redrive lane: the topic that it serves; empty: none
  committed_position committed;
  read_order order{};
  std::int32_t leader_epoch = -1; ///< of the last record delivered
  std::int64_t low = -1;          ///< as the broker last told it
  std::int64_t end = -1;
  std::chrono::steady_clock::time_point since{}; ///< when the ownership began
  bool started = false;
  bool paused = false;
  bool leaving = false;
  bool released = false;
  bool restarting = false;            ///< ends, to begin again, when its commits are settled
  bool stopped = false;               ///< an operator has paused it
  bool moving = false;                ///< an operator pauses or moves it: its consumer ends
  std::optional<offset_id> seek_to{}; ///< what its last commit is to say
  bool fetching = false;              ///< the fetch client reads it
  /// Records that are read and unfinished.
  in_hand_count in_hand = std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<kafka_batch> building; ///< records of the poll at hand
  batch_extent extent{};                 ///< of the batch that its last record came in

  /// It is to be read.
  [[nodiscard]] bool wanted() const {
    return started && !paused && !stopped && !moving && !leaving && !released && !restarting;
  }
};

/// All ownerships of this moment. Not thread-safe.
class route_table {
 public:
  /// Adds a partition under a fresh epoch. `lane_source`: see `route`.
  route& add(topic_partition tp, committed_position committed, std::string lane_source);
  /// Ends the ownership.
  void remove(assignment_epoch epoch);
  /// Null if the epoch is not current.
  [[nodiscard]] route* find(assignment_epoch epoch);
  [[nodiscard]] route* find(const topic_partition& tp);
  /// As `find`, remembering `topic`, the client library's pointer for the topic's name. Made for a
  /// call each run of records.
  [[nodiscard]] route* find(const void* topic, const char* name, partition_id partition);
  /// Forgets the pointers: another client has others.
  void forget_topics() { known_.clear(); }
  [[nodiscard]] const std::map<assignment_epoch, std::unique_ptr<route>>& all() const {
    return routes_;
  }
  [[nodiscard]] std::size_t size() const { return routes_.size(); }

 private:
  struct known_topic {
    const void* topic;
    std::vector<route*> by_partition;
  };
  std::map<assignment_epoch, std::unique_ptr<route>> routes_;
  std::unordered_map<topic_partition, route*> by_name_;
  std::vector<known_topic> known_;
};

} // namespace streamer
