#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace streamer {

/// Offsets `first` to `last`, both included. Every record that exists between
/// them is meant; offsets without a record (compaction, markers) do not matter.
struct offset_range {
  offset_id first;
  offset_id last;
  friend bool operator==(const offset_range&, const offset_range&) = default;
};

/// What may be committed: the next offset to read, and the leader epoch under
/// which its predecessor was read (KIP-320).
struct commit_point {
  offset_id offset;
  std::int32_t leader_epoch = -1;
  friend bool operator==(const commit_point&, const commit_point&) = default;
};

/// Tells which received offsets of one assignment epoch are finished, and so
/// how far the group may commit: up to the lowest unfinished offset, never the
/// highest finished one. Only received offsets are tracked, so gaps are normal.
/// A plain value; not thread-safe. Memory grows with the records between the
/// oldest unfinished and the newest received one, which credit bounds.
class offset_tracker {
 public:
  /// Starts at the committed offset, if there is one. `done` are the ranges
  /// that the commit's metadata named as finished beyond it, in any order.
  explicit offset_tracker(std::optional<commit_point> committed = std::nullopt,
                          std::vector<offset_range> done = {});

  enum class receipt : std::uint8_t {
    fresh,        ///< to be processed; its slot is `last_slot()`
    already_done, ///< finished in an earlier ownership; its slot is finished already
    stale,        ///< not beyond what was received before: no slot, to be ignored
  };

  /// Takes note of a received record.
  receipt receive(offset_id offset, std::int32_t leader_epoch);

  /// The slot of the latest record that was not stale.
  [[nodiscard]] slot_id last_slot() const { return slot_id{next_slot_ - 1}; }
  /// The slot that the next record will get.
  [[nodiscard]] slot_id next_slot() const { return slot_id{next_slot_}; }

  /// Marks a record as finished. False if it was already, or was never received.
  bool finish(slot_id slot);

  [[nodiscard]] bool is_finished(slot_id slot) const;

  /// Everything that the partition holds up to `position` has been received: the frontier goes
  /// past trailing markers and gaps as soon as the records before them are finished.
  void reach_end(offset_id position);

  /// How far to commit; nothing until a first commit is known or a record or
  /// the partition's end has been seen.
  [[nodiscard]] std::optional<commit_point> frontier() const;

  /// The offset behind all that was received, gaps and restored commit included; nothing at first
  /// without a commit.
  [[nodiscard]] std::optional<offset_id> received_to() const {
    return newest_ ? std::optional{newest_->next()} : std::nullopt;
  }

  [[nodiscard]] std::size_t unfinished() const { return unfinished_; }
  /// Records behind the frontier, from the beginning of this assignment epoch.
  [[nodiscard]] std::uint64_t behind_frontier() const { return head_slot_; }
  /// Finished records, behind the frontier and beyond it.
  [[nodiscard]] std::uint64_t finished() const { return next_slot_ - unfinished_; }
  /// The slot that holds the frontier; none if all is finished.
  [[nodiscard]] std::optional<slot_id> oldest_unfinished() const;
  /// Offset of a slot that has not fallen behind the frontier yet.
  [[nodiscard]] std::optional<offset_id> offset_of(slot_id slot) const;

  /// Finished offsets beyond the frontier, nearest first, at most `limit`
  /// ranges: received ones, and those of the restored metadata that have not
  /// been received again yet.
  [[nodiscard]] std::vector<offset_range> finished_beyond(std::size_t limit) const;

 private:
  struct entry {
    offset_id offset;
    std::int32_t leader_epoch;
    bool finished;
  };

  [[nodiscard]] entry& at(std::uint64_t slot) { return ring_[slot & (ring_.size() - 1)]; }
  [[nodiscard]] const entry& at(std::uint64_t slot) const {
    return ring_[slot & (ring_.size() - 1)];
  }
  [[nodiscard]] bool holds(std::uint64_t slot) const {
    return slot >= head_slot_ && slot < next_slot_;
  }
  void grow();
  void advance();
  void pass_end();
  [[nodiscard]] bool was_done(offset_id offset);

  std::vector<entry> ring_; // size is a power of two
  std::uint64_t head_slot_ = 0;
  std::uint64_t next_slot_ = 0;
  std::size_t unfinished_ = 0;
  std::optional<commit_point> passed_; // frontier when the ring is empty
  std::optional<offset_id> end_;       // last end of the partition that was reached
  std::optional<offset_id> newest_;    // newest received, or the committed offset's predecessor
  std::vector<offset_range> restored_; // sorted
  std::size_t restored_cursor_ = 0;    // ranges before it lie behind what was received
};

} // namespace streamer
