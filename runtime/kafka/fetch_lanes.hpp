// Where fetched records wait until they are taken. Internal to runtime/kafka; one thread.
#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_source.hpp"
#include "messages/ids.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/read_pace.hpp"
#include "runtime/threads/wakeup.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace streamer {

/// Queues that the partitions' records wait in, a fixed number of them, so that what waits is
/// bounded however many partitions there are. Up to so many partitions each have one of their own.
///
/// With the library's one queue for everything, a partition whose records are not wanted at the
/// moment fills it, nothing is fetched of the others, and what is taken next is of the same
/// partition again: with slow handlers a quarter of a topic's keys was at work.
///
/// What the library has of a partition is taken over as long as there is room: one that it holds
/// enough of is left out of the next request, and where the others have nothing new that request
/// waits at the broker, and the one that is behind with it.
class fetch_lanes {
 public:
  static constexpr std::size_t count = 16;
  /// Of what may wait in all, the library holds one in so many for each lane.
  static constexpr std::int64_t library_part = count / 2;

  /// `most` may wait here: by and large, for every lane may have its part of it, whatever the
  /// others have.
  fetch_lanes(rd_kafka_t& client, credit_limits most);
  ~fetch_lanes();
  fetch_lanes(const fetch_lanes&) = delete;
  fetch_lanes& operator=(const fetch_lanes&) = delete;

  /// Before its first record is fetched: gives the partition the queue with the fewest others.
  void add(const topic_partition& tp, in_hand_count in_hand);
  /// Once it is unassigned. What waits of it is thrown away.
  void remove(const topic_partition& tp);

  /// Partitions have so many queues from now on, never more again. Returns those that had one of
  /// the others: they are to be removed and added, as nothing else keeps their records in order.
  [[nodiscard]] std::vector<topic_partition> narrow(std::size_t lanes);
  /// Queues that partitions may have.
  [[nodiscard]] std::size_t open() const { return open_; }

  /// Takes over what the library has fetched, as far as there is room: often, also while nothing
  /// may be read, for the library fetches no more of a partition that it holds enough of.
  void refill();
  /// Makes sure that every partition's records come here. To be called every second or so.
  void forward_all();
  /// Messages that are there already, errors and partition ends among them, each turn from the
  /// queue, of those that have any, whose partitions have the fewest in hand. The caller owns each
  /// message. Valid until the next call.
  [[nodiscard]] std::span<rd_kafka_message_t*> poll(const read_plan& plan);
  /// There is more, and the last `poll` had no reason to pass it over.
  [[nodiscard]] bool has_more() const { return size_.records > 0 && !passed_over_; }
  /// How soon there is to be another `poll` though nothing is told: the last one has passed over
  /// what would have been too much of a partition, or one that was added has yet to be heard of.
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_look() const;
  /// Up when there is something to take over.
  [[nodiscard]] const wakeup& flag() const { return flag_; }
  /// Queues that partitions do have.
  [[nodiscard]] std::size_t used() const;

 private:
  struct member {
    topic_partition tp;
    in_hand_count in_hand;
    queue_ptr own;      ///< forwarded to the lane's
    bool heard = false; ///< something has come of it since it was added
  };
  struct lane {
    queue_ptr queue;
    const wakeup* flag = nullptr;
    std::vector<member> partitions;
    std::size_t unheard = 0; ///< of its partitions
    std::deque<rd_kafka_message_t*> waiting;
    credit_limits size{0, 0};       ///< of what waits
    std::int64_t large = 0;         ///< bytes of the largest record taken over lately; 0: none yet
    std::int64_t in_hand = 0;       ///< while `poll` runs
    std::atomic<bool> ready{false}; ///< may have something
  };
  static void on_event(rd_kafka_t* client, void* opaque);
  static void forward(lane& of);
  void take_over(lane& from);
  static void note_heard(lane& of, const rd_kafka_message_t& message);
  [[nodiscard]] bool has_room(const lane& of) const;
  [[nodiscard]] std::int64_t room_of(const lane& of) const;
  void add_to(lane& of, rd_kafka_message_t* message, int sign);
  [[nodiscard]] lane* find_next(std::int64_t share);

  rd_kafka_t& client_;
  const credit_limits most_;
  credit_limits size_{0, 0}; ///< of all that waits
  wakeup flag_;
  /// The last one is the client's own, for errors of no partition.
  std::array<lane, count + 1> lanes_;
  std::size_t open_ = count;
  std::size_t next_ = 0; ///< has the first turn of those that have as few
  bool passed_over_ = false;
  std::vector<rd_kafka_message_t*> messages_;
};

} // namespace streamer
