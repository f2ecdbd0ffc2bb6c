#pragma once

#include <chrono>
#include <string>

namespace streamer {

/// What an operator has paused stays so until an operator resumes it.
struct operator_pause {
  std::chrono::system_clock::time_point since{};
  std::string by; ///< the address that asked for it

  friend bool operator==(const operator_pause&, const operator_pause&) = default;
};

} // namespace streamer
