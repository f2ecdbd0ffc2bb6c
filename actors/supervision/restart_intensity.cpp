#include "actors/supervision/restart_intensity.hpp"

#include <algorithm>

namespace streamer {

bool restart_intensity::allow(clock::time_point now) {
  while (!recent_.empty() && now - recent_.front() >= limits_.window) {
    recent_.pop_front();
  }
  if (recent_.size() >= limits_.max_restarts) {
    return false;
  }
  recent_.push_back(now);
  ++total_;
  return true;
}

std::uint32_t restart_intensity::left(clock::time_point now) const {
  const auto used = std::count_if(recent_.begin(), recent_.end(),
                                  [&](auto t) { return now - t < limits_.window; });
  return limits_.max_restarts - static_cast<std::uint32_t>(used);
}

} // namespace streamer
