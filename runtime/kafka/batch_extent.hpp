#pragma once

#include <cstddef>
#include <cstdint>

namespace streamer {

/// Tells from where records lie how much memory the batch takes that they came in: those of one
/// batch lie in one piece, in order, and a batch is freed as a whole. A plain value, one a
/// partition.
class batch_extent {
 public:
  /// Between two records of one batch lie headers and a few bytes of framing. A longer gap is taken
  /// for the end of a batch.
  static constexpr std::size_t longest_gap = 1024;

  /// `limit`: bytes beyond which a batch is remarkable.
  explicit batch_extent(std::size_t limit = SIZE_MAX) : limit_{limit} {}

  /// Takes the place of the next record's key and value.
  void note(std::uintptr_t begin, std::uintptr_t end) {
    const bool joined = begin >= end_ && begin - end_ < longest_gap;
    size_ = (joined ? size_ + (begin - end_) : 0) + (end - begin);
    told_ = told_ && joined;
    end_ = end;
  }

  /// Whether the batch has grown past the limit; true once a batch.
  bool grew_too_large() {
    if (size_ <= limit_ || told_) {
      return false;
    }
    told_ = true;
    return true;
  }

  /// Bytes of the batch so far.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t limit_;
  std::size_t size_ = 0;
  std::uintptr_t end_ = 0;
  bool told_ = false;
};

} // namespace streamer
