#include <catch2/catch_test_macros.hpp>
#include <string>

#include "runtime/http/endpoint.hpp"

using namespace streamer;

TEST_CASE("Addresses are read and written back as they were") {
  for (const auto* text :
       {"127.0.0.1:9090", "localhost:0", "[::1]:65535", "my-host_1.example:80"}) {
    INFO(text);
    const auto where = parse_endpoint(text);
    REQUIRE(where.has_value());
    CHECK(to_string(*where) == text);
  }
  CHECK(parse_endpoint("[::1]:7") == endpoint{"::1", 7});
}

TEST_CASE("What is no address is refused") {
  for (const auto* text : {"",         ":",           ":9090",        "host",
                           "host:",    "host:x",      "host:80x",     "host:-1",
                           "host:+1",  "host: 80",    "host:65536",   "host:99999999999",
                           "::1:80",   "[::1]",       "[]:80",        "[host]:80",
                           "[::1:80",  "a b:80",      "user@host:80", "host/path:80",
                           "host?:80", "h\r\nost:80", "h#st:80"}) {
    INFO(text);
    CHECK_FALSE(parse_endpoint(text).has_value());
  }
  CHECK_FALSE(parse_endpoint(std::string(256, 'a') + ":80").has_value());
}

TEST_CASE("Loopback is told from what others reach") {
  CHECK(is_loopback({"localhost", 1}));
  CHECK(is_loopback({"127.0.0.1", 1}));
  CHECK(is_loopback({"127.255.3.4", 1}));
  CHECK(is_loopback({"::1", 1}));
  CHECK_FALSE(is_loopback({"0.0.0.0", 1}));
  CHECK_FALSE(is_loopback({"::", 1}));
  CHECK_FALSE(is_loopback({"128.0.0.1", 1}));
  CHECK_FALSE(is_loopback({"127.example.com", 1}));
  CHECK_FALSE(is_loopback({"10.0.0.1", 1}));
}

TEST_CASE("A server on all interfaces is reached at loopback, any other where it is") {
  CHECK(reachable({"0.0.0.0", 9}) == endpoint{"127.0.0.1", 9});
  CHECK(reachable({"::", 9}) == endpoint{"::1", 9});
  CHECK(reachable({"0:0:0:0:0:0:0:0", 9}) == endpoint{"::1", 9});
  CHECK(reachable({"10.1.2.3", 9}) == endpoint{"10.1.2.3", 9});
}
