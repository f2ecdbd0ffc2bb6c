// A small HTTP/1.1 server for metrics, health and status: one thread, everything bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "runtime/http/endpoint.hpp"
#include "runtime/http/message.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// Limits of a server; the defaults keep what strangers can take below 8 MiB of memory.
struct http_server_options {
  /// More connections than this wait in the kernel. Lowered so that 512 of the process's file
  /// descriptors stay free for the rest of it.
  unsigned max_connections = 1100;
  /// Memory for the request line, headers and bookkeeping of one connection.
  std::size_t connection_memory = std::size_t{8} * 1024;
  /// Bodies that slow readers have not taken yet; a further one is answered with 503. One body is
  /// always allowed, and those up to 4 KiB, so health checks are answered whatever others do.
  std::size_t pending_body_bytes = std::size_t{2} * 1024 * 1024;
  /// From accepting a connection, or from the end of its last answer, to the end of the next one. A
  /// client that sends or reads more slowly is cut.
  std::chrono::milliseconds deadline = std::chrono::seconds{5};
  /// Streams of events at a time; a further one is answered with 503. The deadline holds for each
  /// event: a client that does not take one in time is cut.
  std::size_t max_streams = 16;
  /// A stream ends after this, for the client to ask again.
  std::chrono::milliseconds stream_life = std::chrono::minutes{10};
  /// Handlers that throw, and the library's own messages (at debug).
  log_handle log;
};

/// Why a server did not start: one line that names the address.
struct http_server_error {
  enum class kind { bad_address, address_taken, not_permitted, failed };
  kind reason = kind::failed;
  std::string text;
};

/// Serves routes until it is stopped or destroyed. Only GET and HEAD, for routes that change
/// something only POST: other methods get 405, other paths 404, targets over 2 KiB 414, malformed
/// requests and a GET with a body 400, a POST without a Content-Length 411, one over
/// `max_request_body_bytes` 413. On a loopback address, requests with a Host other than `localhost`
/// or an address get 421. Members may be called from any thread but not from a handler.
class http_server {
 public:
  using start_result = std::variant<http_server, http_server_error>;

  /// Binds, listens and starts the thread. Port 0 takes a free one.
  [[nodiscard]] static start_result start(const endpoint& where, std::vector<http_route> routes,
                                          const http_server_options& options = {});

  http_server(http_server&&) noexcept;
  http_server& operator=(http_server&&) noexcept;
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  ~http_server();

  /// The address with the port that was really bound.
  [[nodiscard]] const endpoint& bound() const noexcept;

  /// Closes the listening socket and every connection, also in the middle of an answer, and ends
  /// the thread. At once, whatever the clients do; later calls do nothing.
  void stop() noexcept;

 private:
  class impl;
  explicit http_server(std::unique_ptr<impl> running) noexcept;
  std::unique_ptr<impl> impl_;
};

} // namespace streamer
