#include "tools/redrive/resolved_set.hpp"

#include <algorithm>
#include <iterator>

namespace streamer::tools {

resolved_set::resolved_set(offset_id base, const std::vector<offset_range>& beyond)
    : base_{base.value()} {
  for (const auto& range : beyond)
    add(range.first, range.last);
}

void resolved_set::add(offset_id first_id, offset_id last_id) {
  auto first = first_id.value();
  auto last = last_id.value();
  if (last < first || last < base_) return;
  // What overlaps or touches becomes one range.
  auto at = ranges_.upper_bound(first);
  if (at != ranges_.begin() && std::prev(at)->second >= first - 1) --at;
  while (at != ranges_.end() && at->first <= last + 1) {
    first = std::min(first, at->first);
    last = std::max(last, at->second);
    at = ranges_.erase(at);
  }
  if (first <= base_) {
    base_ = last + 1;
  } else {
    ranges_.emplace(first, last);
  }
}

void resolved_set::merge(const resolved_set& other) {
  add(offset_id{0}, offset_id{other.base_ - 1});
  for (const auto& [first, last] : other.ranges_)
    add(offset_id{first}, offset_id{last});
}

bool resolved_set::contains(offset_id offset) const {
  if (offset.value() < base_) return true;
  const auto after = ranges_.upper_bound(offset.value());
  return after != ranges_.begin() && std::prev(after)->second >= offset.value();
}

std::vector<offset_range> resolved_set::beyond() const {
  std::vector<offset_range> ranges;
  ranges.reserve(ranges_.size());
  for (const auto& [first, last] : ranges_)
    ranges.push_back({offset_id{first}, offset_id{last}});
  return ranges;
}

std::vector<offset_range> resolved_set::within(offset_id first, offset_id last) const {
  std::vector<offset_range> ranges;
  const auto take = [&](std::int64_t from, std::int64_t to) {
    const offset_range cut{std::max(first, offset_id{from}), std::min(last, offset_id{to})};
    if (cut.first <= cut.last) ranges.push_back(cut);
  };
  take(0, base_ - 1);
  auto at = ranges_.upper_bound(first.value());
  if (at != ranges_.begin()) --at;
  for (; at != ranges_.end() && at->first <= last.value(); ++at)
    take(at->first, at->second);
  return ranges;
}

} // namespace streamer::tools
