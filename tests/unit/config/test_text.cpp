#include <array>
#include <catch2/catch_test_macros.hpp>

#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

TEST_CASE("edit distance counts insertions, deletions and substitutions") {
  REQUIRE(edit_distance("", "") == 0);
  REQUIRE(edit_distance("", "abc") == 3);
  REQUIRE(edit_distance("kitten", "sitting") == 3);
  REQUIRE(edit_distance("batch_size", "batchsize") == 1);
}

TEST_CASE("the nearest name is suggested only when it is near") {
  const std::array<std::string, 3> names{"batch_size", "ordering", "topics"};
  REQUIRE(nearest("batchsize", names) == "batch_size");
  REQUIRE(nearest("odering", names) == "ordering");
  REQUIRE_FALSE(nearest("completely_else", names));
}

TEST_CASE("quoted text has its control characters escaped") {
  REQUIRE(toml_quoted("a\"b\\c\n\x1b[31m") == R"("a\"b\\c\n\u001B[31m")");
}

TEST_CASE("long text is shortened between characters, not inside one") {
  std::string text(119, 'a');
  text += "\xc3\xa4\xc3\xa4";
  REQUIRE(shown(text) == '"' + std::string(119, 'a') + "\"...");
}

TEST_CASE("a list is split at commas and trimmed") {
  REQUIRE(split_list(" a , b,c ") == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(split_list("  ").empty());
  REQUIRE(split_list("a,,b") == std::vector<std::string>{"a", "", "b"});
}

TEST_CASE("names of secrets are told from names of files and places") {
  for (const auto* name : {"sasl.password", "API_TOKEN", "client-secret", "ssl.key.pem"})
    REQUIRE(looks_secret(name));
  for (const auto* name :
       {"ssl.key.location", "token_file", "token.endpoint.url", "fetch.min.bytes"})
    REQUIRE_FALSE(looks_secret(name));
}

} // namespace
} // namespace streamer::config_impl
