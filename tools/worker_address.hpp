// Asking a running worker over HTTP.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "runtime/http/client.hpp"
#include "tools/command.hpp"

namespace streamer::tools {

/// GET `path` at `--addr`, or at observability.metrics_addr if the flag is not given. Or one line:
/// the address is none, or nobody answers there.
[[nodiscard]] std::variant<http_answer, std::string> ask_worker(
    const command_context& context, const std::optional<std::string>& addr,
    const std::string& path);

} // namespace streamer::tools
