#include "actors/retry/held_release.hpp"

#include <algorithm>

namespace streamer {

void held_release::begin(clock::time_point now) {
  *this = {};
  next_ = now;
}

std::size_t held_release::due(clock::time_point now) const {
  const bool waits = running_ > 0 && now < waits_until_;
  return waits || now < next_ ? 0 : size_;
}

void held_release::started(clock::time_point now, std::size_t records, std::uint64_t successes) {
  portion_ = records;
  running_ = records;
  failed_ = 0;
  successes_before_ = successes;
  waits_until_ = now + patience;
}

void held_release::ended(clock::time_point now, bool failed, std::uint64_t successes) {
  if (running_ == 0) {
    return; // of a portion that was not waited for
  }
  failed_ += failed ? 1 : 0;
  if (--running_ > 0) {
    return;
  }
  if (failed_ == 0) {
    size_ = std::min(2 * size_, largest);
    pause_ = {};
  } else {
    size_ = cautious;
    const bool nothing_else = failed_ == portion_ && successes == successes_before_;
    pause_ = nothing_else ? std::clamp(2 * pause_, shortest_pause, longest_pause)
                          : std::chrono::milliseconds{0};
  }
  next_ = now + pause_;
}

} // namespace streamer
