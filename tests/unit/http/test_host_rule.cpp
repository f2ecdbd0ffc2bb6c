#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "runtime/http/host_rule.hpp"

using namespace streamer;

TEST_CASE("localhost and addresses are answered, with and without a port") {
  const auto host =
      GENERATE(as<std::string>{}, "", "localhost", "localhost:9091", "LocalHost:1", "a.localhost",
               "127.0.0.1", "127.0.0.1:9091", "10.0.0.7:80", "[::1]", "[::1]:9091", "[fe80::1]:80");
  INFO(host);
  CHECK(host_is_local(host));
}

TEST_CASE("a web site's name is not answered, whatever it points to") {
  const auto host =
      GENERATE(as<std::string>{}, "evil.example", "evil.example:9091", "127.0.0.1.evil.example",
               "localhost.evil.example", "evil-localhost", "[evil.example]:80", "[::1",
               "127.0.0.1@evil", "0x7f000001", "2130706433", ".", ":", "[]");
  INFO(host);
  CHECK_FALSE(host_is_local(host));
}
