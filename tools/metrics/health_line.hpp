// An answer of /healthz or /readyz in one line.
#pragma once

#include <string>
#include <string_view>

namespace streamer::tools {

/// `ready`, `not ready (503): not_connected: no broker answers`. `body` is the worker's JSON; any
/// other body is shown as it is, escaped.
[[nodiscard]] std::string health_line(bool liveness, unsigned status, std::string_view body);

} // namespace streamer::tools
