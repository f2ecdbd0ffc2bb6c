#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>

#include "runtime/http/target.hpp"

using namespace streamer;

namespace {

request_target parsed(std::string_view text) {
  auto result = parse_target(text);
  REQUIRE(std::holds_alternative<request_target>(result));
  return std::get<request_target>(std::move(result));
}

bool malformed(std::string_view text) {
  const auto result = parse_target(text);
  const auto* error = std::get_if<target_error>(&result);
  return error != nullptr && *error == target_error::malformed;
}

} // namespace

TEST_CASE("A target is taken apart into path and decoded arguments") {
  const auto target = parsed("/explain?topic=my%20topic&partition=3&topic=a+b&flag&empty=#frag");
  CHECK(target.path == "/explain");
  CHECK(target.query == query_arguments{{"topic", "my topic"},
                                        {"partition", "3"},
                                        {"topic", "a b"},
                                        {"flag", ""},
                                        {"empty", ""}});
}

TEST_CASE("A path stays as it was sent") {
  CHECK(parsed("/a%2Fb/../c").path == "/a%2Fb/../c");
  CHECK(parsed("/").query.empty());
  CHECK(parsed("/x?").query.empty());
  CHECK(parsed("/x?&&a=1&&").query == query_arguments{{"a", "1"}});
  CHECK(parsed("/x?a=b=c?d").query == query_arguments{{"a", "b=c?d"}});
}

TEST_CASE("Separators that are encoded belong to the value") {
  CHECK(parsed("/x?a=1%262%3D3%23").query == query_arguments{{"a", "1&2=3#"}});
}

TEST_CASE("A target that does not start with a slash is malformed") {
  CHECK(malformed(""));
  CHECK(malformed("*"));
  CHECK(malformed("http://host/"));
  CHECK(malformed("?a=b"));
}

TEST_CASE("A percent sign without two hexadecimal digits is malformed") {
  CHECK(malformed("/x?a=%"));
  CHECK(malformed("/x?a=%4"));
  CHECK(malformed("/x?a=%4g"));
  CHECK(malformed("/x?%zz=1"));
  CHECK(parsed("/x?a=%4a%4A").query == query_arguments{{"a", "JJ"}});
}

TEST_CASE("Control characters and invalid UTF-8 in an argument are malformed") {
  CHECK(malformed("/x?a=%00"));
  CHECK(malformed("/x?a=b%0d%0aSet-Cookie:"));
  CHECK(malformed("/x?%1b=1"));
  CHECK(malformed("/x?a=%ff"));
  CHECK(malformed("/x?a=%c2%85"));
  CHECK(parsed("/x?a=%e2%82%ac").query == query_arguments{{"a", "\xe2\x82\xac"}});
}

TEST_CASE("The number of arguments and the length of a target are bounded") {
  std::string many{"/x?"};
  for (std::size_t i = 0; i < max_query_arguments; ++i) {
    many += "a=1&";
  }
  CHECK(parsed(many).query.size() == max_query_arguments);
  CHECK(malformed(many + "b=1"));

  const std::string longest = "/" + std::string(max_target_bytes - 1, 'x');
  CHECK(parsed(longest).path == longest);
  CHECK(std::get<target_error>(parse_target(longest + "x")) == target_error::too_long);
}

TEST_CASE("Random targets are taken apart or refused, and what comes out is clean") {
  std::mt19937 random{20240229};
  const std::string_view alphabet{"/?&=%+#0123abcdefABCF\x01\x7f\x80\xc3\xff"};
  std::uniform_int_distribution<std::size_t> pick{0, alphabet.size() - 1};
  std::uniform_int_distribution<std::size_t> length{0, 60};
  for (int round = 0; round < 50'000; ++round) {
    std::string text{"/"};
    for (auto n = length(random); n > 0; --n) {
      text += alphabet[pick(random)];
    }
    const auto result = parse_target(text);
    if (const auto* target = std::get_if<request_target>(&result)) {
      for (const auto& [name, value] : target->query) {
        for (const char c : name + value) {
          REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
        }
      }
    }
  }
}
