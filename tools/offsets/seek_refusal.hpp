// When `process seek` refuses to move a group's offsets. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "runtime/kafka/admin_types.hpp"

namespace streamer::tools {

/// Why the offsets of this group may not be moved: who is in it, and how long a static member that
/// died remains. Nothing for a group without members.
[[nodiscard]] std::optional<std::string> refusal_of(const group_description& group,
                                                    std::chrono::milliseconds session_timeout);

} // namespace streamer::tools
