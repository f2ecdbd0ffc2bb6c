// How much of what the library has fetched is taken over at once. Internal to runtime/kafka.
#pragma once

#include <algorithm>
#include <cstdint>

namespace streamer {

/// The most that one call takes from the library.
inline constexpr std::int64_t taken_at_a_time = 500;
/// Of records that are not known yet: few, for they may have a megabyte each.
inline constexpr std::int64_t taken_at_first = 16;

/// How many records to take over into so many bytes of `room`, if the largest of late had `large`
/// bytes (0: none yet); at least 1. What is taken beyond the room is memory over the budget: with
/// 500 at a time whatever their size it was some 70 MiB.
[[nodiscard]] constexpr std::int64_t records_that_fit(std::int64_t room, std::int64_t large) {
  return large == 0 ? taken_at_first : std::clamp<std::int64_t>(room / large, 1, taken_at_a_time);
}

/// What the largest of late counts for after one more call: one that is larger than all that follow
/// is forgotten within some.
[[nodiscard]] constexpr std::int64_t less_large(std::int64_t large) { return large * 3 / 4; }

} // namespace streamer
