// What `--version` says.
#pragma once

#include <string>

namespace streamer::tools {

/// `streamer 0.1.0 (CAF 0.18.7, librdkafka 2.14.2)`.
[[nodiscard]] std::string version_line();

} // namespace streamer::tools
