#include "tools/load_test/timeline.hpp"

#include <utility>

namespace streamer::tools {

timeline::interval& timeline::at(std::int64_t at_us) {
  const auto when = std::max<std::int64_t>(at_us, 0);
  last_us_ = std::max(last_us_, when);
  while (static_cast<std::size_t>(when / length_us_) >= most_intervals)
    halve();
  const auto index = static_cast<std::size_t>(when / length_us_);
  if (index >= intervals_.size()) intervals_.resize(index + 1);
  return intervals_[index];
}

std::int64_t timeline::length_of(std::size_t index) const {
  const auto begin = static_cast<std::int64_t>(index) * length_us_;
  return std::clamp<std::int64_t>(last_us_ - begin, length_us_ / 2, length_us_);
}

void timeline::halve() {
  std::vector<interval> joined((intervals_.size() + 1) / 2);
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    auto& into = joined[i / 2];
    const auto& from = intervals_[i];
    into.sent += from.sent;
    into.acknowledged += from.acknowledged;
    into.processed += from.processed;
    into.delivery_us = std::max(into.delivery_us, from.delivery_us);
    into.end_to_end_us = std::max(into.end_to_end_us, from.end_to_end_us);
  }
  intervals_ = std::move(joined);
  length_us_ *= 2;
}

} // namespace streamer::tools
