#include "tests/support/token_endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

constexpr int longest_wait_ms = 5'000;
constexpr std::int64_t token_lifetime_s = 3'600;

std::string base64(const std::string& text) {
  std::string coded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  coded.resize(static_cast<std::size_t>(size));
  return coded;
}

std::string base64_url(const std::string& text) {
  auto coded = base64(text);
  std::ranges::replace(coded, '+', '-');
  std::ranges::replace(coded, '/', '_');
  coded.erase(coded.find_last_not_of('=') + 1);
  return coded;
}

std::string unsigned_token(const std::string& subject) {
  const auto now = wall_ms() / 1000;
  const auto claims = R"({"sub":")" + subject + R"(","iat":)" + std::to_string(now) + R"(,"exp":)" +
                      std::to_string(now + token_lifetime_s) + "}";
  return base64_url(R"({"alg":"none"})") + "." + base64_url(claims) + ".";
}

/// The request's head and as much of its body as its length says.
std::string read_request(int connection) {
  std::string request;
  std::array<char, 2048> part{};
  for (;;) {
    const auto head = request.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto at = request.find("Content-Length: ");
      const auto length = at == std::string::npos ? 0UL : std::stoul(request.substr(at + 16));
      if (request.size() >= head + 4 + length) {
        return request;
      }
    }
    pollfd waited{connection, POLLIN, 0};
    if (poll(&waited, 1, longest_wait_ms) <= 0) {
      return request;
    }
    const auto size = recv(connection, part.data(), part.size(), 0);
    if (size <= 0) {
      return request;
    }
    request.append(part.data(), static_cast<std::size_t>(size));
  }
}

} // namespace

token_endpoint::token_endpoint(std::string client, std::string secret)
    : client_{std::move(client)}, secret_{std::move(secret)} {
  listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(listening_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  REQUIRE(listen(listening_, 16) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

token_endpoint::~token_endpoint() {
  stopping_ = true;
  thread_.join();
  close(listening_);
}

std::string token_endpoint::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/token";
}

void token_endpoint::serve() {
  while (!stopping_) {
    pollfd waited{listening_, POLLIN, 0};
    if (poll(&waited, 1, 100) <= 0) {
      continue;
    }
    const int connection = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) {
      answer(connection);
      close(connection);
    }
  }
}

void token_endpoint::answer(int connection) {
  const auto request = read_request(connection);
  const bool known = request.starts_with("POST /token ") &&
                     request.find("Authorization: Basic " + base64(client_ + ":" + secret_) +
                                  "\r\n") != std::string::npos;
  ++(known ? granted_ : refused_);
  const auto body = known ? R"({"access_token":")" + unsigned_token(client_) +
                                R"(","token_type":"Bearer","expires_in":3600})"
                          : std::string{R"({"error":"invalid_client"})"};
  const auto response = std::string{known ? "HTTP/1.1 200 OK" : "HTTP/1.1 401 Unauthorized"} +
                        "\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  static_cast<void>(send(connection, response.data(), response.size(), MSG_NOSIGNAL));
}

} // namespace streamer::test
