#include "runtime/system/version.hpp"

namespace streamer {

std::string_view streamer_version() { return STREAMER_VERSION; }

} // namespace streamer
