#pragma once

#include "actors/consumer/suspect.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace streamer {

/// The suspects that this process knows of. Bounded: beyond `most`, those that were put first go.
/// Thread-safe.
class suspect_board {
 public:
  using marks = std::map<offset_id, suspect_mark>;

  explicit suspect_board(std::size_t most = 10'000) : most_{most} {}

  void put(const record_place& place, suspect_mark mark);
  void erase(const record_place& place);

  [[nodiscard]] std::optional<suspect_mark> find(const record_place& place) const;
  /// All of one partition.
  [[nodiscard]] marks of(const topic_partition& tp) const;
  [[nodiscard]] std::size_t size() const;
  /// How many have been dropped for want of room.
  [[nodiscard]] std::uint64_t dropped() const;
  /// Grows with every change, so that a reader need not look when nothing has changed.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  struct entry {
    suspect_mark mark;
    std::uint64_t number = 0; // of its first put
  };

  void changed() { version_.fetch_add(1, std::memory_order_release); }

  std::size_t most_;
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  std::map<record_place, entry> entries_;
  std::map<std::uint64_t, record_place> by_age_;
  std::uint64_t next_number_ = 0;
  std::uint64_t dropped_ = 0;
};

} // namespace streamer
