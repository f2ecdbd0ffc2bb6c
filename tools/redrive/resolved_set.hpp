// Which dead letters of a DLQ partition have been dealt with.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "actors/consumer/offset_tracker.hpp"
#include "messages/ids.hpp"

namespace streamer::tools {

/// A set of offsets: everything below `base`, and ranges beyond it. Only grows. Memory grows with
/// the number of ranges: at most half of the partition's records.
class resolved_set {
 public:
  explicit resolved_set(offset_id base = offset_id{0},
                        const std::vector<offset_range>& beyond = {});

  /// Both included. Nothing happens if `last` is below `first`.
  void add(offset_id first, offset_id last);
  void add(offset_id offset) { add(offset, offset); }
  void merge(const resolved_set& other);

  [[nodiscard]] bool contains(offset_id offset) const;
  /// The lowest offset that is not in the set.
  [[nodiscard]] offset_id base() const { return offset_id{base_}; }
  /// What is in the set beyond it: in order, disjoint, not touching.
  [[nodiscard]] std::vector<offset_range> beyond() const;
  /// What is in the set from `first` to `last`, both included: in order, cut there.
  [[nodiscard]] std::vector<offset_range> within(offset_id first, offset_id last) const;

  friend bool operator==(const resolved_set&, const resolved_set&) = default;

 private:
  std::int64_t base_;
  std::map<std::int64_t, std::int64_t> ranges_; ///< first → last
};

} // namespace streamer::tools
