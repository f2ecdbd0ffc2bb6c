// What a route gets and what it answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/http/target.hpp"

namespace streamer {

/// A GET or HEAD request; for HEAD the server leaves the body out by itself.
struct http_request {
  std::string path;
  query_arguments query;
  /// The Authorization header, empty without one.
  std::string authorization;

  /// The first argument with this name.
  [[nodiscard]] std::optional<std::string_view> argument(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) {
        return value;
      }
    }
    return std::nullopt;
  }
};

/// An answer. The server adds `X-Content-Type-Options: nosniff`, `Cache-Control: no-store`,
/// `Referrer-Policy: no-referrer` and a Content-Security-Policy that allows nothing; `headers`
/// replaces those that it names. Text of a request may go into a body only escaped for its type.
struct http_response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Answers a request, on the server's only thread: it has to be quick and must not block. An
/// exception becomes a 500 without its text.
using http_handler = std::function<http_response(const http_request&)>;

/// A handler for exactly this path.
struct http_route {
  std::string path;
  http_handler handler;
};

} // namespace streamer
