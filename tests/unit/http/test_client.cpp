#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <string>

#include "runtime/http/client.hpp"
#include "runtime/http/listen_socket.hpp"
#include "tests/unit/http/raw_client.hpp"

using namespace streamer;
using namespace std::chrono_literals;

namespace {

http_answer answer_of(const std::variant<http_answer, http_get_error>& result) {
  const auto* error = std::get_if<http_get_error>(&result);
  INFO((error == nullptr ? "" : error->text));
  REQUIRE(error == nullptr);
  return std::get<http_answer>(result);
}

std::string error_of(const std::variant<http_answer, http_get_error>& result) {
  REQUIRE(std::holds_alternative<http_get_error>(result));
  return std::get<http_get_error>(result).text;
}

} // namespace

TEST_CASE("A GET returns status and body, whatever the status") {
  const auto server = test::serve({test::route_to("/healthz", "fine\n")});
  const auto found = answer_of(http_get(server.bound(), "/healthz?a=b"));
  CHECK(found.status == 200);
  CHECK(found.body == "fine\n");
  CHECK(answer_of(http_get(server.bound(), "/none")).status == 404);
}

TEST_CASE("A GET reaches a server that is bound to all interfaces") {
  const auto started = http_server::start({"0.0.0.0", 0}, {test::route_to("/a", "1")});
  REQUIRE(std::holds_alternative<http_server>(started));
  CHECK(answer_of(http_get(std::get<http_server>(started).bound(), "/a")).body == "1");
}

TEST_CASE("A GET reaches a server on IPv6") {
  const auto started = http_server::start({"::1", 0}, {test::route_to("/a", "6")});
  if (!std::holds_alternative<http_server>(started)) {
    SKIP("this machine has no IPv6 loopback");
  }
  const auto& where = std::get<http_server>(started).bound();
  CHECK(to_string(where).starts_with("[::1]:"));
  CHECK(answer_of(http_get(where, "/a")).body == "6");
}

TEST_CASE("A GET hands over credentials and follows no redirect") {
  http_route moved{
      "/moved", [](const http_request& request) {
        return http_response{
            302, "text/plain", request.authorization, {{"Location", "http://127.0.0.1:1/"}}};
      }};
  const auto server = test::serve({std::move(moved)});
  http_get_options options;
  options.authorization = "Bearer abc";
  const auto answer = answer_of(http_get(server.bound(), "/moved", options));
  CHECK(answer.status == 302);
  CHECK(answer.body == "Bearer abc");
}

TEST_CASE("A GET goes past the proxy that the environment names") {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto server = test::serve({test::route_to("/a", "direct")});
  CHECK(answer_of(http_get(server.bound(), "/a")).body == "direct");
  unsetenv("http_proxy");
}

TEST_CASE("A GET to a port where nobody listens is an error that names the address") {
  auto server = test::serve({});
  const auto where = server.bound();
  server.stop();
  const auto error = error_of(http_get(where, "/healthz"));
  CHECK(error.find("http://" + to_string(where) + "/healthz") != std::string::npos);
}

TEST_CASE("A GET gives up at its timeout when nobody answers") {
  const auto listening = detail::listen_on({"127.0.0.1", 0});
  REQUIRE(std::holds_alternative<detail::listen_socket>(listening));
  http_get_options options;
  options.timeout = 100ms;
  const auto& where = std::get<detail::listen_socket>(listening).bound;
  CHECK_FALSE(error_of(http_get(where, "/", options)).empty());
}

TEST_CASE("A body over the limit is an error, one of exactly the limit is not") {
  const auto server = test::serve({test::route_to("/big", std::string(10'000, 'x'))});
  http_get_options options;
  options.max_body_bytes = 10'000;
  CHECK(answer_of(http_get(server.bound(), "/big", options)).body.size() == 10'000);
  options.max_body_bytes = 9'999;
  CHECK(error_of(http_get(server.bound(), "/big", options)).find("longer than 9999 bytes") !=
        std::string::npos);
}
