// A TCP client that sends any bytes, and a server to send them to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/http/server.hpp"

namespace streamer::test {

/// A connection to a port of 127.0.0.1. A read that takes longer than 20 s is an error.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port, int receive_buffer = 0)
      : fd_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (receive_buffer > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error{"cannot connect"};
    }
  }

  raw_client(raw_client&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  raw_client& operator=(raw_client&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }

  /// False once the server has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Everything until the server closes or resets.
  [[nodiscard]] std::string read_all() const {
    std::string all;
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto got = recv(fd_, buffer.data(), buffer.size(), 0);
      if (got > 0) {
        all.append(buffer.data(), static_cast<std::size_t>(got));
      } else if (got < 0 && (errno == EAGAIN)) {
        throw std::runtime_error{"the server does not answer"};
      } else {
        return all;
      }
    }
  }

  /// The first bytes that come; nothing once the server has closed.
  [[nodiscard]] std::string read_some() const {
    std::array<char, 4096> buffer{};
    const auto got = recv(fd_, buffer.data(), buffer.size(), 0);
    return got > 0 ? std::string{buffer.data(), static_cast<std::size_t>(got)} : std::string{};
  }

  /// Whether the server has closed, without waiting.
  [[nodiscard]] bool closed() const {
    char byte = 0;
    const auto got = recv(fd_, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }

 private:
  int fd_;
};

/// Sends the bytes and returns everything that comes back.
inline std::string talk(std::uint16_t port, std::string_view bytes) {
  const raw_client client{port};
  client.send(bytes);
  return client.read_all();
}

/// A request that asks for the connection to be closed after it.
inline std::string request_for(std::string_view method, std::string_view target) {
  return std::string{method} + " " + std::string{target} +
         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

inline std::string get(std::uint16_t port, std::string_view target) {
  return talk(port, request_for("GET", target));
}

inline bool has_status(std::string_view answer, std::string_view status) {
  return answer.starts_with("HTTP/1.1 " + std::string{status} + " ");
}

/// A running server on a free port of 127.0.0.1.
inline http_server serve(std::vector<http_route> routes, const http_server_options& options = {}) {
  auto started = http_server::start({"127.0.0.1", 0}, std::move(routes), options);
  if (auto* error = std::get_if<http_server_error>(&started)) {
    throw std::runtime_error{error->text};
  }
  return std::move(std::get<http_server>(started));
}

/// A route that answers 200 with this body.
inline http_route route_to(std::string path, std::string body) {
  return {std::move(path), [body = std::move(body)](const http_request&) {
            http_response response;
            response.body = body;
            return response;
          }};
}

} // namespace streamer::test
