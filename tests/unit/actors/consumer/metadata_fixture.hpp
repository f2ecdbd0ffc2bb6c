#pragma once

#include "actors/consumer/commit_metadata.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace streamer::fixture {

/// 2026-01-01, from where metadata counts the times of first failures.
inline constexpr std::int64_t first_told_ms = 1'767'225'600'000;

/// What a partition at `base` might have to say, with gaps of up to `widest` between
/// its offsets. Times are whole seconds, and whole tenths where they have passed.
inline commit_metadata random_metadata(std::mt19937_64& random, offset_id base,
                                       std::size_t most_failing, std::size_t most_ranges,
                                       std::int64_t widest) {
  const auto up_to = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>{0, most}(random);
  };
  commit_metadata data;
  auto at = base.value();
  for (auto n = up_to(static_cast<std::int64_t>(most_failing)); n > 0; --n) {
    data.failing.push_back({offset_id{at}, static_cast<std::uint32_t>(1 + up_to(200'000)),
                            first_told_ms + 1000 * (up_to(1'000'000'000) - up_to(1'000'000'000)),
                            std::chrono::milliseconds{100 * up_to(10'000'000)}});
    at += 1 + up_to(widest);
  }
  at = base.value();
  for (auto n = up_to(static_cast<std::int64_t>(most_ranges)); n > 0; --n) {
    const auto first = at + 1 + up_to(widest);
    const auto last = first + up_to(widest);
    data.finished.push_back({offset_id{first}, offset_id{last}});
    at = last;
  }
  return data;
}

/// Whether `part` is the beginning of `whole`.
template <class List>
[[nodiscard]] bool is_beginning_of(const List& part, const List& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

} // namespace streamer::fixture
