// How much is read of which partition. Internal to runtime/kafka.
#pragma once

#include "actors/consumer/hand_out_rule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace streamer {

/// What may be read at once, in records unless it says otherwise.
struct read_plan {
  std::int64_t most = 0;  ///< in all
  std::int64_t bytes = 0; ///< in all, in bytes; the last record may go beyond
  std::int64_t turn = 1;  ///< of one queue before the next has its turn
  /// A queue whose partitions have as many in hand gives no more, ...
  std::int64_t share = 0;
  std::int64_t open = 0; ///< ... but among so many that are there for whoever comes
};

/// Tells fast handlers from slow ones by how long a whole window of records took, and sizes the
/// turns accordingly. Not thread-safe.
class read_pace {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Most records of one turn: with fast handlers, for each turn costs a message to every tenant.
  static constexpr std::int64_t most = 1'000;
  /// Fewest, however many partitions there are.
  static constexpr std::int64_t least = 32;

  /// `window`: what may be in hand.
  explicit read_pace(credit_limits window) : window_{window} {}

  /// So many records more were read by `now`.
  void note(std::int64_t records, time_point now) {
    count_ += records;
    if (count_ >= window_.records) {
      fast_ = now - since_ < slow_handlers;
      since_ = now;
      count_ = 0;
    }
  }

  /// For a process that holds so much of its window, and reads from so many queues.
  ///
  /// With slow handlers the window holds some turns of every partition, for which keys are at work
  /// depends on it. Half of the window is for whoever comes, the other half for those that have
  /// less than their part: records that never end fill the first, and the rest of the partitions
  /// goes on with the second.
  [[nodiscard]] read_plan plan(const credit_limits& held, std::size_t queues) const {
    constexpr std::int64_t turns_of_each = 4;
    const auto window = window_.records;
    const auto parts = static_cast<std::int64_t>(std::max<std::size_t>(1, queues));
    read_plan made;
    made.most = std::clamp<std::int64_t>(window - held.records, 0, most);
    made.bytes = std::max<std::int64_t>(0, window_.bytes - held.bytes);
    made.turn = fast_ ? most : std::clamp(window / (turns_of_each * parts), least, most);
    made.share = window / (fast_ ? std::min<std::int64_t>(2, parts) : parts);
    made.open = std::max<std::int64_t>(0, window / 2 - held.records);
    return made;
  }

 private:
  credit_limits window_;
  std::int64_t count_ = 0;
  time_point since_{};
  bool fast_ = false;
};

} // namespace streamer
