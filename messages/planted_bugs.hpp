#pragma once

#ifdef STREAMER_PLANTED_BUGS
#include <cstdlib>
#endif

#include <string_view>

namespace streamer {

/// Bugs planted on purpose, to show that the fault scenarios find them (`scripts/chaos --planted`):
/// each is one that has bitten a system of this kind. Which one is alive is told by the environment
/// variable STREAMER_PLANTED_BUG, and only in a build with the option STREAMER_PLANTED_BUGS; in
/// every other build this is constantly false and leaves nothing behind.
#ifdef STREAMER_PLANTED_BUGS
[[nodiscard]] inline bool planted(std::string_view bug) {
  static const std::string_view alive = [] {
    const char* const name = std::getenv("STREAMER_PLANTED_BUG");
    return name == nullptr ? std::string_view{} : std::string_view{name};
  }();
  return alive == bug;
}
#else
[[nodiscard]] constexpr bool planted(std::string_view) { return false; }
#endif

} // namespace streamer
