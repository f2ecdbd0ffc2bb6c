#include "tools/redrive/key_order.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <tuple>

namespace streamer::tools {

std::uint64_t order_lane(const topic_partition& source, std::string_view key) {
  const std::uint64_t place = std::hash<topic_partition>{}(source);
  const std::uint64_t of_key = std::hash<std::string_view>{}(key);
  const auto mixed = of_key ^ (place * 0x9E3779B97F4A7C15U + (of_key << 6U) + (of_key >> 2U));
  return mixed == 0 ? 1 : mixed;
}

std::vector<send_step> plan_steps(const std::vector<planned_letter>& letters) {
  std::vector<send_step> steps;
  steps.reserve(letters.size());
  for (const auto& letter : letters)
    steps.push_back({letter.at, letter.at, letter.source_offset});
  std::vector<std::uint32_t> by_lane(letters.size());
  std::iota(by_lane.begin(), by_lane.end(), 0U);
  std::ranges::sort(by_lane, {}, [&](std::uint32_t i) {
    return std::tuple{letters[i].lane, letters[i].source_offset, letters[i].at};
  });
  for (std::size_t i = 1; i < by_lane.size(); ++i) {
    const auto& before = letters[by_lane[i - 1]];
    const auto& letter = letters[by_lane[i]];
    if (letter.lane == 0 || letter.lane != before.lane) continue;
    if (before.source_offset.value() < 0) continue; // unknown ones come first, and bind nobody
    auto& release = steps[by_lane[i]].release;
    release = std::max(release, steps[by_lane[i - 1]].release);
  }
  return steps;
}

void newest_records::ask(const topic_partition& source, const planned_letter& letter) {
  const auto [at, fresh] = begins_.try_emplace(source, letter.source_offset.next());
  if (!fresh) at->second = std::min(at->second, letter.source_offset.next());
  newest_.try_emplace(letter.lane, offset_id{-1});
}

void newest_records::see(const topic_partition& source, std::string_view key, offset_id offset) {
  const auto found = newest_.find(order_lane(source, key));
  if (found != newest_.end()) found->second = std::max(found->second, offset);
}

bool newest_records::is_newer_than(const planned_letter& letter) const {
  const auto found = newest_.find(letter.lane);
  return found != newest_.end() && found->second > letter.source_offset;
}

} // namespace streamer::tools
