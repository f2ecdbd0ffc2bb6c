#include "runtime/http/listen_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace streamer::detail {
namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

http_server_error error_of(const endpoint& where, int number) {
  using kind = http_server_error::kind;
  const auto reason = number == EADDRINUSE                  ? kind::address_taken
                      : number == EACCES || number == EPERM ? kind::not_permitted
                      : number == EADDRNOTAVAIL             ? kind::bad_address
                                                            : kind::failed;
  return {reason,
          "cannot listen on " + to_string(where) + ": " + std::generic_category().message(number)};
}

bool set_flag(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// The socket, or an invalid one with errno set.
owned_fd try_address(const addrinfo& address) {
  owned_fd fd{socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     address.ai_protocol)};
  // A restarted worker need not wait for the kernel to forget its predecessor's connections, and
  // [::] takes IPv4 too whatever the system's default is.
  const bool ready =
      fd.valid() && set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) &&
      (address.ai_family != AF_INET6 || set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
      bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 && listen(fd.get(), SOMAXCONN) == 0;
  if (!ready) {
    const int number = errno;
    fd = owned_fd{};
    errno = number;
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  // The casts are the sockets API's own way to tell the families apart.
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

} // namespace

owned_fd& owned_fd::operator=(owned_fd&& other) noexcept {
  if (this != &other) {
    if (valid()) {
      close(fd_);
    }
    fd_ = other.release();
  }
  return *this;
}

owned_fd::~owned_fd() {
  if (valid()) {
    close(fd_);
  }
}

int owned_fd::release() noexcept { return std::exchange(fd_, -1); }

std::variant<listen_socket, http_server_error> listen_on(const endpoint& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (failure != 0) {
    return http_server_error{http_server_error::kind::bad_address,
                             "cannot listen on " + to_string(where) + ": " + gai_strerror(failure)};
  }
  const address_list addresses{found, &freeaddrinfo};
  int number = EADDRNOTAVAIL;
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    auto fd = try_address(*address);
    if (fd.valid()) {
      const auto port = port_of(fd.get());
      return listen_socket{std::move(fd), {where.host, port}};
    }
    number = errno;
  }
  return error_of(where, number);
}

} // namespace streamer::detail
