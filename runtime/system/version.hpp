#pragma once

#include <string_view>

namespace streamer {

/// The version of this build, as CMakeLists.txt has it.
[[nodiscard]] std::string_view streamer_version();

} // namespace streamer
