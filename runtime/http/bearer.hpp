#pragma once

#include "runtime/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace streamer {

/// The token in a file: its first line without surrounding blanks. Nothing if the file cannot be
/// read or names none.
[[nodiscard]] std::optional<std::string> read_bearer_token(const std::string& file);

/// The token of a file, read again whenever it is asked for, so that a new one counts at once. Used
/// by one thread.
class token_file {
 public:
  /// `token`: what the file held at the start.
  token_file(std::string file, std::string token)
      : file_{std::move(file)}, token_{std::move(token)} {}

  /// The token as it is now; while the file cannot be read, the last one.
  [[nodiscard]] const std::string& current() {
    if (auto now = read_bearer_token(file_)) {
      token_ = std::move(*now);
    }
    return token_;
  }

 private:
  std::string file_;
  std::string token_;
};

/// Whether the request carries `Authorization: Bearer <token>` (RFC 6750). Takes the same time
/// wherever the two begin to differ.
[[nodiscard]] bool carries_bearer_token(const http_request& request, std::string_view token);

/// The answer to a request that does not: 401.
[[nodiscard]] http_response bearer_token_missing();

/// The answer to a change where no token is configured: 403.
[[nodiscard]] http_response bearer_token_unconfigured();

} // namespace streamer
