// Whether a partition's records come in order. Internal to runtime/kafka.
#pragma once

#include <algorithm>
#include <cstdint>

namespace streamer {

/// Where a partition's reading is. Offsets may leave gaps (compaction, the markers of
/// transactions), so that a record that is missing looks like one that never was. When it comes
/// after all, later than those behind it, it must not be taken for one that was read before. A
/// plain value, one a partition.
class read_order {
 public:
  enum class verdict {
    next,        ///< goes on with it
    again,       ///< was read before
    passed_over, ///< lies in the latest gap: was taken for one that does not exist
  };

  /// Begins at `next`; negative: not known yet.
  explicit read_order(std::int64_t next = -1) : next_{next} {}

  /// A record came.
  verdict note(std::int64_t offset) {
    if (offset < next_) {
      return offset >= gap_begin_ && offset < gap_end_ ? verdict::passed_over : verdict::again;
    }
    go_on_at(offset);
    next_ = offset + 1;
    return verdict::next;
  }

  /// There is nothing before `offset` that was not read. It is not before `next`.
  void go_on_at(std::int64_t offset) {
    if (offset > next_) {
      gap_begin_ = std::max<std::int64_t>(next_, 0);
      gap_end_ = offset;
      next_ = offset;
    }
  }

  /// Nothing before it is delivered (again). Negative: not known yet.
  [[nodiscard]] std::int64_t next() const { return next_; }
  /// The first offset of the latest gap.
  [[nodiscard]] std::int64_t gap_begin() const { return gap_begin_; }

 private:
  std::int64_t next_;
  std::int64_t gap_begin_ = 0;
  std::int64_t gap_end_ = 0;
};

} // namespace streamer
