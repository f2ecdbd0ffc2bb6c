#include "tools/load_test/ledger.hpp"

#include <algorithm>
#include <iterator>

namespace streamer::tools {

ledger::ledger(std::uint32_t lanes, std::size_t capacity) : lanes_(lanes), capacity_{capacity} {}

std::uint64_t ledger::next(std::uint32_t lane) {
  ++counts_.sent;
  return lanes_[lane].sent++;
}

void ledger::refused(std::uint32_t lane, std::uint64_t sequence) {
  if (lane >= lanes_.size() || sequence >= lanes_[lane].sent) return;
  if (refused_.size() >= capacity_) {
    counts_.exact = false;
    return;
  }
  if (!refused_.emplace(lane, sequence).second) return;
  ++counts_.refused;
  // It may have arrived before its refusal did: a timeout says nothing about the broker.
  const auto gap = gaps_.upper_bound({lane, sequence});
  const bool missing_in_gap = gap != gaps_.begin() && std::prev(gap)->first.first == lane &&
                              sequence < std::prev(gap)->second;
  if (sequence < lanes_[lane].highest && !missing_in_gap) ++refused_arrived_;
}

void ledger::arrived(std::uint32_t lane, std::uint64_t sequence) {
  if (lane >= lanes_.size() || sequence >= lanes_[lane].sent) {
    ++counts_.invented;
    return;
  }
  auto& state = lanes_[lane];
  if (sequence >= state.highest) {
    if (sequence > state.highest) {
      if (gaps_.size() >= capacity_) {
        counts_.exact = false;
      } else {
        gaps_.emplace(position{lane, state.highest}, sequence);
      }
    }
    state.highest = sequence + 1;
  } else if (fill_gap(lane, sequence)) {
    ++counts_.out_of_order;
  } else {
    ++counts_.duplicated;
    return;
  }
  ++counts_.arrived;
  if (!refused_.empty() && refused_.contains({lane, sequence})) ++refused_arrived_;
}

bool ledger::fill_gap(std::uint32_t lane, std::uint64_t sequence) {
  const auto after = gaps_.upper_bound({lane, sequence});
  if (after == gaps_.begin()) return false;
  const auto gap = std::prev(after);
  const auto [first, end] = *gap;
  if (first.first != lane || sequence >= end) return false;
  gaps_.erase(gap);
  // One gap became at most two, so the capacity is exceeded by what was there already at most.
  if (first.second < sequence) gaps_.emplace(first, sequence);
  if (sequence + 1 < end) gaps_.emplace(position{lane, sequence + 1}, end);
  return true;
}

std::int64_t ledger::outstanding() const {
  const auto acknowledged = counts_.sent - counts_.refused;
  const auto expected_arrived = counts_.arrived - refused_arrived_;
  return static_cast<std::int64_t>(acknowledged) - static_cast<std::int64_t>(expected_arrived);
}

verdict ledger::judge() const {
  auto result = counts_;
  const auto count_missing = [&](std::uint32_t lane, std::uint64_t first, std::uint64_t end) {
    const auto begin = refused_.lower_bound({lane, first});
    const auto stop = refused_.lower_bound({lane, end});
    result.lost += end - first - static_cast<std::uint64_t>(std::distance(begin, stop));
  };
  for (const auto& [start, end] : gaps_)
    count_missing(start.first, start.second, end);
  for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].highest < lanes_[lane].sent) {
      count_missing(lane, lanes_[lane].highest, lanes_[lane].sent);
    }
  }
  return result;
}

} // namespace streamer::tools
