#include "runtime/inspection/tls_probe.hpp"

#include "runtime/http/listen_socket.hpp"
#include "runtime/inspection/tls_context.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace streamer {
namespace {

using namespace detail;
using clock = std::chrono::steady_clock;
using addresses = std::unique_ptr<addrinfo, openssl_free<freeaddrinfo>>;

// Until the descriptor is ready for `events`; false: it was not by then.
bool wait_for(int fd, short events, clock::time_point until) {
  pollfd watched{fd, events, 0};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    const int ready = ::poll(&watched, 1, static_cast<int>(left > 0 ? left : 0));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

// A connected, non-blocking socket, or an errno.
int connect_to(const addrinfo& to, clock::time_point until, owned_fd& fd) {
  fd = owned_fd{::socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd.valid()) {
    return errno;
  }
  if (::connect(fd.get(), to.ai_addr, to.ai_addrlen) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  if (!wait_for(fd.get(), POLLOUT, until)) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

enum class handshake { done, timed_out, failed };

// One step of TLS to its end.
template <class Step>
handshake finish(SSL& ssl, int fd, clock::time_point until, Step step) {
  for (;;) {
    ERR_clear_error();
    const int returned = step();
    if (returned > 0) {
      return handshake::done;
    }
    const int why = SSL_get_error(&ssl, returned);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      return handshake::failed;
    }
    if (!wait_for(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until)) {
      return handshake::timed_out;
    }
  }
}

std::string told(SSL& ssl, const std::string& at, handshake ended, bool shaken_hands) {
  if (ended == handshake::timed_out) {
    return at + " does not answer in time: is it a worker's inspect.addr?";
  }
  const auto code = ERR_peek_last_error();
  const auto complaint = openssl_complaint();
  if (const long verdict = SSL_get_verify_result(&ssl); verdict != X509_V_OK) {
    return at + " shows a certificate that inspect.ca does not accept (" +
           X509_verify_cert_error_string(verdict) +
           "): it is another worker's, or runtime.state_dir is not the worker's";
  }
  if (code != 0 && ERR_GET_LIB(code) == ERR_LIB_SSL &&
      complaint.find("alert") != std::string::npos) {
    return at + " refuses this certificate (" + complaint +
           "): use the worker's runtime.state_dir, or a certificate of its inspect.ca";
  }
  if (!shaken_hands && code != 0) {
    return at + " does not speak TLS (" + complaint + "): is it a worker's inspect.addr?";
  }
  return at + " closed the connection: is it a worker's inspect.addr?";
}

} // namespace

std::optional<std::string> probe_inspection_port(const endpoint& where, const tls_files& files,
                                                 std::chrono::milliseconds timeout) {
  const std::string at = to_string(where);
  std::string problem;
  const auto context = make_tls_context(files, inspection_side::client, problem);
  if (!context) {
    return problem;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code =
          ::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
      code != 0) {
    return "no address of " + at + " is known (" + gai_strerror(code) + ")";
  }
  const addresses owned{found};
  owned_fd fd;
  int error = EADDRNOTAVAIL;
  for (const auto* to = found; to != nullptr && error != 0; to = to->ai_next) {
    error = connect_to(*to, clock::now() + timeout, fd);
  }
  if (error != 0) {
    return "no worker's inspection port at " + at + " (" + std::generic_category().message(error) +
           "): does one run there with inspect.enabled = true?";
  }
  const broken_pipe_guard quiet;
  const ssl_ptr ssl{SSL_new(context.get())};
  if (!ssl || SSL_set_fd(ssl.get(), fd.get()) != 1) {
    return "cannot begin TLS: " + openssl_complaint();
  }
  const auto until = clock::now() + timeout;
  if (const auto ended = finish(*ssl, fd.get(), until, [&] { return SSL_connect(ssl.get()); });
      ended != handshake::done) {
    return told(*ssl, at, ended, false);
  }
  // The worker speaks first; it refuses a certificate only after the handshake.
  char first = 0;
  if (const auto ended =
          finish(*ssl, fd.get(), until, [&] { return SSL_read(ssl.get(), &first, 1); });
      ended != handshake::done) {
    return told(*ssl, at, ended, true);
  }
  return std::nullopt;
}

} // namespace streamer
