#pragma once

#include "runtime/http/endpoint.hpp"
#include "runtime/inspection/tls_files.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace streamer {

/// Whether a worker's inspection port at `where` lets these files in, tried with a connection of
/// its own: CAF only says that a connection did not come about. Otherwise one line that says who
/// refused whom, and why. Blocks up to about three times `timeout`.
[[nodiscard]] std::optional<std::string> probe_inspection_port(const endpoint& where,
                                                               const tls_files& files,
                                                               std::chrono::milliseconds timeout);

} // namespace streamer
