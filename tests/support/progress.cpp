#include "tests/support/progress.hpp"

#include <algorithm>
#include <unordered_map>

namespace streamer::test {

output_times times_of_output(const std::vector<sent_record>& sent,
                             const std::vector<stored_record>& output) {
  std::unordered_map<std::string, std::int32_t> origins;
  origins.reserve(sent.size());
  for (const auto& record : sent) {
    origins[record.id()] = record.partition;
  }
  output_times times;
  for (const auto& record : output) {
    if (const auto origin = origins.find(record.header_value(id_header).value_or(""));
        origin != origins.end()) {
      times[origin->second].push_back(record.timestamp_ms);
    }
  }
  for (auto& [partition, list] : times) {
    std::sort(list.begin(), list.end());
  }
  return times;
}

std::map<std::int32_t, std::int64_t> longest_gaps(const output_times& times, std::int64_t from_ms,
                                                  std::int64_t to_ms) {
  std::map<std::int32_t, std::int64_t> gaps;
  for (const auto& [partition, list] : times) {
    auto& longest = gaps[partition];
    auto before = from_ms;
    for (auto at = std::lower_bound(list.begin(), list.end(), from_ms);
         at != list.end() && *at <= to_ms; ++at) {
      longest = std::max(longest, *at - before);
      before = *at;
    }
    longest = std::max(longest, to_ms - before);
  }
  return gaps;
}

std::int64_t longest_gap(const output_times& times, std::int64_t from_ms, std::int64_t to_ms) {
  std::int64_t longest = 0;
  for (const auto& [partition, gap] : longest_gaps(times, from_ms, to_ms)) {
    longest = std::max(longest, gap);
  }
  return longest;
}

std::int64_t latency_percentile(const std::vector<sent_record>& sent,
                                const std::vector<stored_record>& output, double p,
                                std::int64_t from_ms, std::int64_t to_ms) {
  std::unordered_map<std::string, std::int64_t> came_out;
  came_out.reserve(output.size());
  for (const auto& record : output) {
    const auto [entry, first] =
        came_out.try_emplace(record.header_value(id_header).value_or(""), record.timestamp_ms);
    if (!first) {
      entry->second = std::min(entry->second, record.timestamp_ms);
    }
  }
  std::vector<std::int64_t> latencies;
  for (const auto& record : sent) {
    const auto found = came_out.find(record.id());
    if (record.sent_ms >= from_ms && record.sent_ms < to_ms && found != came_out.end()) {
      latencies.push_back(found->second - record.sent_ms);
    }
  }
  if (latencies.empty()) {
    return -1;
  }
  const auto rank = std::min(latencies.size() - 1,
                             static_cast<std::size_t>(p * static_cast<double>(latencies.size())));
  std::nth_element(latencies.begin(), latencies.begin() + static_cast<std::ptrdiff_t>(rank),
                   latencies.end());
  return latencies[rank];
}

} // namespace streamer::test
