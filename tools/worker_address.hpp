// Asking a running worker over HTTP.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "runtime/http/client.hpp"
#include "tools/command.hpp"

namespace streamer::tools {

/// Why there is no answer.
struct asking_failure {
  exit_code code = exit_failed;
  std::string text; ///< one line
};

/// GET `path` at `--addr`, or at observability.metrics_addr if the flag is not given. Fails if the
/// address is none, or nobody answers there.
[[nodiscard]] std::variant<http_answer, asking_failure> ask_worker(
    const command_context& context, const std::optional<std::string>& addr,
    const std::string& path);

/// GET `path` at `--addr`, or at admin.addr, with the token of admin.token_file if one is
/// configured. Fails as `ask_worker`, and if the worker wants another token.
[[nodiscard]] std::variant<http_answer, asking_failure> ask_admin(
    const command_context& context, const std::optional<std::string>& addr,
    const std::string& path);

/// POST `body`, JSON, to `path`, as `ask_admin` does otherwise. Fails also if the worker refuses:
/// with the worker's own line.
[[nodiscard]] std::variant<http_answer, asking_failure> tell_admin(
    const command_context& context, const std::optional<std::string>& addr, const std::string& path,
    const std::string& body);

} // namespace streamer::tools
