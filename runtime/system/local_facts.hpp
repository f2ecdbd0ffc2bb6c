#pragma once

#include "config/settings.hpp"
#include "runtime/checks/facts.hpp"

namespace streamer {

/// Looks at the files and limits that a worker with this configuration will use. Changes nothing.
[[nodiscard]] local_facts look_around(const settings& config);

} // namespace streamer
