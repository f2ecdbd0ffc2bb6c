#pragma once

#include <string>

namespace streamer {

/// docs/configuration.md, made from the table of keys.
[[nodiscard]] std::string configuration_document();

} // namespace streamer
