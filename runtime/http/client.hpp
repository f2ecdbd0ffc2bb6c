// Blocking HTTP requests, for the commands that ask a running worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

#include "runtime/http/endpoint.hpp"

namespace streamer {

/// A complete answer, whatever its status.
struct http_answer {
  unsigned status = 0;
  std::string body;
};

/// Why there is no answer: one line that names the address.
struct http_get_error {
  std::string text;
};

/// Bounds and credentials of a request.
struct http_get_options {
  /// For everything, from the connection to the last byte.
  std::chrono::milliseconds timeout = std::chrono::seconds{5};
  /// A longer body is an error.
  std::size_t max_body_bytes = std::size_t{16} * 1024 * 1024;
  /// Sent as the Authorization header if not empty.
  std::string authorization;
};

/// GET http://where/path, with the query in `path`. Plain HTTP alone, no redirects, no proxy (also
/// none from the environment). An address that means "all interfaces" is asked at loopback, so a
/// server's configured address can be given. Blocks for at most the timeout.
[[nodiscard]] std::variant<http_answer, http_get_error> http_get(
    const endpoint& where, const std::string& path, const http_get_options& options = {});

/// The same by POST, with `json` as its body.
[[nodiscard]] std::variant<http_answer, http_get_error> http_post(
    const endpoint& where, const std::string& path, const std::string& json,
    const http_get_options& options = {});

} // namespace streamer
