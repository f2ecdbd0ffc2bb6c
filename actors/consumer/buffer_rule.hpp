#pragma once

#include <chrono>
#include <cstddef>

namespace streamer {

/// Received records are views into the fetch response that they came in, of some MiB. One record
/// that waits behind its key would hold all of it, beyond any budget. So what little is left of a
/// batch after a while is copied, and the response is let go of. What passes through quickly is
/// never copied, and neither is what waits as a whole: that would take memory, not save it.

/// How long records may hold what they were fetched in. Long against the way through a whole window
/// at full speed; at 100,000 records/s of 200 bytes some 10 MiB pass in it.
inline constexpr std::chrono::milliseconds buffer_patience{250};

/// Always worth it: so little that it may have come beside much of other partitions.
inline constexpr std::size_t small_copy = 8U << 10U;
/// Never worth it: a fair part of what a fetch response holds.
inline constexpr std::size_t largest_copy = 1U << 20U;

/// Whether copies of what is left are worth what they let go of; both in bytes.
[[nodiscard]] constexpr bool pays_to_copy(std::size_t left, std::size_t held) {
  return left <= small_copy || (left <= largest_copy && left <= held / 4);
}

/// Whether copies are worth being copied once more; in records. Each is copied a logarithmic number
/// of times at most.
[[nodiscard]] constexpr bool pays_to_copy_again(std::size_t left, std::size_t held) {
  return left <= held / 4;
}

/// Whether a slow handler should begin with a copy of its record of so many bytes, which its
/// partition holds, too.
[[nodiscard]] constexpr bool pays_to_copy_for_attempt(std::size_t bytes) {
  return bytes <= small_copy / 4;
}

} // namespace streamer
