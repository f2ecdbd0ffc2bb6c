#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/http/raw_client.hpp"

using namespace streamer;
using test::has_status;

TEST_CASE("A route is served, another path is not found, and neither repeats what was asked") {
  const auto server = test::serve({test::route_to("/healthz", "fine\n")});
  const auto port = server.bound().port;
  REQUIRE(port != 0);
  const auto found = test::get(port, "/healthz");
  CHECK(has_status(found, "200"));
  CHECK(found.ends_with("\r\n\r\nfine\n"));
  for (const auto* path : {"/", "/healthz/", "/Healthz", "/healthz%00", "//healthz"}) {
    INFO(path);
    CHECK(has_status(test::get(port, path), "404"));
  }
  const auto reflected = test::get(port, "/<script>alert(1)</script>?x=<script>");
  CHECK(has_status(reflected, "404"));
  CHECK(reflected.find("script") == std::string::npos);
}

TEST_CASE("Every answer carries the security headers, and a route may replace them") {
  http_route page{"/", [](const http_request&) {
                    return http_response{200,
                                         "text/html; charset=utf-8",
                                         "<p>",
                                         {{"Content-Security-Policy", "default-src 'self'"}}};
                  }};
  const auto server = test::serve({std::move(page)});
  const auto missing = test::get(server.bound().port, "/x");
  for (const auto* line :
       {"X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n",
        "Referrer-Policy: no-referrer\r\n", "Content-Security-Policy: default-src 'none'"}) {
    INFO(line);
    CHECK(missing.find(line) != std::string::npos);
  }
  const auto replaced = test::get(server.bound().port, "/");
  CHECK(replaced.find("Content-Type: text/html; charset=utf-8\r\n") != std::string::npos);
  CHECK(replaced.find("default-src 'self'") != std::string::npos);
  CHECK(replaced.find("default-src 'none'") == std::string::npos);
}

TEST_CASE("A handler gets decoded arguments and the Authorization header") {
  http_route echo{"/explain", [](const http_request& request) {
                    http_response response;
                    response.body = std::string{request.argument("topic").value_or("-")} + "|" +
                                    std::string{request.argument("none").value_or("-")} + "|" +
                                    request.authorization;
                    return response;
                  }};
  const auto server = test::serve({std::move(echo)});
  const auto answer = test::talk(server.bound().port,
                                 "GET /explain?topic=a%26b&topic=c HTTP/1.1\r\nHost: localhost\r\n"
                                 "Authorization: Bearer t0ken\r\nConnection: close\r\n\r\n");
  CHECK(answer.ends_with("\r\n\r\na&b|-|Bearer t0ken"));
}

TEST_CASE("HEAD gets the headers of GET without the body") {
  const auto server = test::serve({test::route_to("/metrics", "12345")});
  const auto answer = test::talk(server.bound().port, test::request_for("HEAD", "/metrics"));
  CHECK(has_status(answer, "200"));
  CHECK(answer.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("Other methods are not allowed, with and without a body") {
  const auto server = test::serve({test::route_to("/healthz", "fine\n")});
  const auto port = server.bound().port;
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "BREW"}) {
    INFO(method);
    const auto answer = test::talk(port, test::request_for(method, "/healthz"));
    CHECK(has_status(answer, "405"));
    CHECK(answer.find("Allow: GET, HEAD\r\n") != std::string::npos);
  }
  const auto with_body = test::talk(
      port, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc");
  CHECK(has_status(with_body, "405"));
}

TEST_CASE("A GET with a body is refused before the body is read") {
  const auto server = test::serve({test::route_to("/healthz", "fine\n")});
  const auto port = server.bound().port;
  CHECK(has_status(
      test::talk(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n"),
      "400"));
  CHECK(has_status(test::talk(port,
                              "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n"),
                   "400"));
  CHECK(has_status(test::talk(port,
                              "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                              "Connection: close\r\n\r\n"),
                   "200"));
}

TEST_CASE("A route that changes something takes a bounded POST, and nothing else") {
  http_route change{"/change",
                    [](const http_request& request) {
                      http_response response;
                      response.body = request.body + "|" + request.peer + "|" +
                                      std::string{request.argument("a").value_or("-")};
                      return response;
                    },
                    std::nullopt, true};
  const auto server = test::serve({std::move(change), test::route_to("/see", "seen")});
  const auto port = server.bound().port;
  const auto post = [&](const std::string& more, const std::string& body) {
    return test::talk(
        port, "POST /change?a=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more +
                  "\r\n" + body);
  };
  const auto whole = std::string(max_request_body_bytes, 'x');
  CHECK(post("Content-Length: 5\r\n", "a body").ends_with("\r\n\r\na bod|127.0.0.1|1"));
  CHECK(post("Content-Length: 0\r\n", "").ends_with("\r\n\r\n|127.0.0.1|1"));
  CHECK(post("Content-Length: " + std::to_string(whole.size()) + "\r\n", whole)
            .ends_with("\r\n\r\n" + whole + "|127.0.0.1|1"));
  CHECK(has_status(
      post("Content-Length: " + std::to_string(whole.size() + 1) + "\r\n", whole + "x"), "413"));
  CHECK(has_status(post("Content-Length: 99999999999999999999\r\n", ""), "413"));
  CHECK(has_status(post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), "411"));
  CHECK(has_status(post("", ""), "411"));
  for (const auto* method : {"GET", "HEAD"}) {
    const auto answer = test::talk(port, test::request_for(method, "/change"));
    CHECK(has_status(answer, "405"));
    CHECK(answer.find("Allow: POST\r\n") != std::string::npos);
  }
  CHECK(has_status(test::talk(port, test::request_for("PUT", "/change")), "405"));
  CHECK(has_status(test::talk(port, test::request_for("POST", "/see")), "405"));
  CHECK(has_status(test::get(port, "/see"), "200"));
}

TEST_CASE("One connection's bodies do not mix") {
  http_route echo{"/echo",
                  [](const http_request& request) {
                    http_response response;
                    response.body = "[" + request.body + "]";
                    return response;
                  },
                  std::nullopt, true};
  const auto server = test::serve({std::move(echo)});
  const auto answer = test::talk(
      server.bound().port,
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
      "two");
  CHECK(answer.find("[one]") != std::string::npos);
  CHECK(answer.find("[two]") != std::string::npos);
  CHECK(answer.find("[onetwo]") == std::string::npos);
}

TEST_CASE("A malformed query is a bad request, a target over two kilobytes too long") {
  const auto server = test::serve({test::route_to("/x", "fine\n")});
  const auto port = server.bound().port;
  CHECK(has_status(test::get(port, "/x?a=%zz"), "400"));
  CHECK(has_status(test::get(port, "/x?a=" + std::string(max_target_bytes - 5, 'b')), "200"));
  CHECK(has_status(test::get(port, "/x?a=" + std::string(max_target_bytes - 4, 'b')), "414"));
}

TEST_CASE("Requests sent in one go are answered one after the other on the same connection") {
  const auto server =
      test::serve({test::route_to("/a", "[first]"), test::route_to("/b", "[second]")});
  const auto answer = test::talk(server.bound().port,
                                 "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /b HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                                     test::request_for("GET", "/a"));
  const auto first = answer.find("[first]");
  const auto second = answer.find("[second]");
  const auto missing = answer.find("HTTP/1.1 404");
  const auto last = answer.rfind("[first]");
  REQUIRE(last != std::string::npos);
  CHECK(first < second);
  CHECK(second < missing);
  CHECK(missing < last);
}

TEST_CASE("A handler that throws becomes a 500 without its text, and the reason is logged") {
  std::mutex mutex;
  std::vector<std::string> lines;
  const logger log{{}, [&](log_level, std::string_view line) {
                     const std::scoped_lock lock{mutex};
                     lines.emplace_back(line);
                   }};
  http_server_options options;
  options.log = log.with("http");
  http_route bad{"/bad", [](const http_request&) -> http_response {
                   throw std::runtime_error{"inner\ndetail"};
                 }};
  auto server = test::serve({std::move(bad), test::route_to("/good", "good")}, options);
  const auto answer = test::get(server.bound().port, "/bad");
  CHECK(has_status(answer, "500"));
  CHECK(answer.find("inner") == std::string::npos);
  CHECK(has_status(test::get(server.bound().port, "/bad"), "500"));
  CHECK(has_status(test::get(server.bound().port, "/good"), "200"));
  server.stop();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(" error http http_handler_failed ") != std::string::npos);
  CHECK(lines[0].find(R"(path=/bad error="inner\ndetail")") != std::string::npos);
}

TEST_CASE("An address that is taken is an error value that names it") {
  const auto first = test::serve({});
  const auto second = http_server::start(first.bound(), {});
  const auto* error = std::get_if<http_server_error>(&second);
  REQUIRE(error != nullptr);
  CHECK(error->reason == http_server_error::kind::address_taken);
  CHECK(error->text.find(to_string(first.bound())) != std::string::npos);
  CHECK(error->text.find("in use") != std::string::npos);
}

TEST_CASE("An address that this machine does not have is an error value") {
  const auto result = http_server::start({"203.0.113.7", 0}, {});
  const auto* error = std::get_if<http_server_error>(&result);
  REQUIRE(error != nullptr);
  CHECK(error->reason == http_server_error::kind::bad_address);
}

TEST_CASE("A port is free again as soon as its server stopped") {
  auto first = test::serve({test::route_to("/a", "1")});
  const auto where = first.bound();
  CHECK(has_status(test::get(where.port, "/a"), "200"));
  first.stop();
  const auto second = http_server::start(where, {test::route_to("/a", "2")});
  REQUIRE(std::holds_alternative<http_server>(second));
  CHECK(test::get(where.port, "/a").ends_with("2"));
}

TEST_CASE("A server moves, and stopping it twice is harmless") {
  auto first = test::serve({test::route_to("/a", "1")});
  auto second = std::move(first);
  CHECK(has_status(test::get(second.bound().port, "/a"), "200"));
  second.stop();
  second.stop();
  second = test::serve({test::route_to("/a", "2")});
  CHECK(test::get(second.bound().port, "/a").ends_with("2"));
}

TEST_CASE("A loopback address does not answer to the name of a web site") {
  const auto server = test::serve({test::route_to("/status", "secret\n")});
  const auto ask = [&](const std::string& host) {
    return test::talk(server.bound().port,
                      "GET /status HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  };
  for (const auto* own : {"localhost", "127.0.0.1:9091", "[::1]:9091"}) {
    INFO(own);
    CHECK(has_status(ask(own), "200"));
  }
  for (const auto* foreign : {"evil.example", "evil.example:9091", "127.0.0.1.evil.example"}) {
    INFO(foreign);
    CHECK(has_status(ask(foreign), "421"));
    CHECK(ask(foreign).find("secret") == std::string::npos);
  }
}
