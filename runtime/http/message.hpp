// What a route gets and what it answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/http/target.hpp"

namespace streamer {

/// A GET, HEAD or POST request; for HEAD the server leaves the body out by itself.
struct http_request {
  std::string path;
  query_arguments query;
  /// The Authorization header, empty without one.
  std::string authorization;
  /// Of a POST: what was sent, at most `max_request_body_bytes`, and the address that sent it.
  std::string body{};
  std::string peer{};

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

/// Where the events of a stream come from.
struct event_source {
  /// The text of the present event, in one line. Called on the server's only thread as a handler
  /// is, while somebody listens and at most once a period, however many listen.
  std::function<std::string()> next;
  std::chrono::milliseconds period{1'000};
};

/// A longer body is answered with 413.
inline constexpr std::size_t max_request_body_bytes = 4096;

/// A handler for exactly this path.
struct http_route {
  std::string path;
  http_handler handler;
  /// With a source, a GET that the handler answers with 200 gets its events (`text/event-stream`)
  /// instead of the body, until the client goes or the server ends the stream.
  std::optional<event_source> events = std::nullopt;
  /// It changes something: it is asked by POST, with a Content-Length, and in no other way.
  bool changes = false;
};

} // namespace streamer
