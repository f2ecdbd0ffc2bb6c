#pragma once

#include "runtime/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// The token in a file: its first line without surrounding blanks. Nothing if the file cannot be
/// read or names none.
[[nodiscard]] std::optional<std::string> read_bearer_token(const std::string& file);

/// Whether the request carries `Authorization: Bearer <token>` (RFC 6750). Takes the same time
/// wherever the two begin to differ.
[[nodiscard]] bool carries_bearer_token(const http_request& request, std::string_view token);

/// The answer to a request that does not: 401.
[[nodiscard]] http_response bearer_token_missing();

} // namespace streamer
