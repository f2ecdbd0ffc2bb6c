// What a client is told of ports that are no inspection port.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <thread>

#include "runtime/inspection/certificate_maker.hpp"
#include "runtime/inspection/tls_probe.hpp"
#include "tests/support/common.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Takes one connection and says `answer`, if anything, until it goes.
class odd_server {
 public:
  explicit odd_server(std::string answer, bool hangs_up)
      : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(fd_, 4) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    where = {"127.0.0.1", ntohs(at.sin_port)};
    thread_ = std::thread{[this, answer, hangs_up] {
      const int peer = ::accept(fd_, nullptr, nullptr);
      if (peer < 0) return;
      static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
      char byte = 0;
      while (!hangs_up && ::recv(peer, &byte, 1, 0) > 0) {
      }
      ::close(peer);
    }};
  }
  odd_server(const odd_server&) = delete;
  odd_server& operator=(const odd_server&) = delete;
  ~odd_server() {
    thread_.join();
    ::close(fd_);
  }
  endpoint where;

 private:
  int fd_;
  std::thread thread_;
};

} // namespace

TEST_CASE("a port that is no inspection port is told from one that refuses") {
  const temporary_directory directory;
  settings config;
  config.runtime.state_dir = directory / "state";
  REQUIRE_FALSE(make_certificates(config.runtime.state_dir));
  const auto files = tls_files_for(config, inspection_side::client);
  const auto told = [&](const endpoint& where, milliseconds timeout = milliseconds{5'000}) {
    return probe_inspection_port(where, files, timeout).value_or("");
  };
  {
    const odd_server http{"HTTP/1.1 400 Bad Request\r\n\r\n", false};
    CHECK_THAT(told(http.where), ContainsSubstring("does not speak TLS"));
  }
  {
    const odd_server silent{"", false};
    CHECK_THAT(told(silent.where, milliseconds{200}), ContainsSubstring("does not answer in time"));
  }
  {
    const odd_server gone{"", true};
    CHECK_THAT(told(gone.where), ContainsSubstring("inspect.addr"));
  }
  CHECK_THAT(told({"127.0.0.1", 1}), ContainsSubstring("inspect.enabled = true"));
  CHECK_THAT(told({"nowhere.invalid", 7070}), ContainsSubstring("nowhere.invalid:7070"));
}

} // namespace streamer::test
