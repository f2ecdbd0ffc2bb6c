// A bound, listening TCP socket. For this room and runtime/inspection.
#pragma once

#include <variant>

#include "runtime/http/endpoint.hpp"
#include "runtime/http/server.hpp"

namespace streamer::detail {

/// Closes a file descriptor when it goes.
class owned_fd {
 public:
  owned_fd() = default;
  explicit owned_fd(int fd) noexcept : fd_{fd} {}
  owned_fd(owned_fd&& other) noexcept : fd_{other.release()} {}
  owned_fd& operator=(owned_fd&& other) noexcept;
  owned_fd(const owned_fd&) = delete;
  owned_fd& operator=(const owned_fd&) = delete;
  ~owned_fd();

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  /// Gives the descriptor away.
  int release() noexcept;

 private:
  int fd_ = -1;
};

/// A non-blocking listening socket and the address it has.
struct listen_socket {
  owned_fd fd;
  endpoint bound;
};

/// Resolves and binds the first address of `where` that can be bound.
[[nodiscard]] std::variant<listen_socket, http_server_error> listen_on(const endpoint& where);

} // namespace streamer::detail
