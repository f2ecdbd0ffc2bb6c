#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/http/bearer.hpp"

using namespace streamer;

namespace {

http_request with(std::string authorization) {
  http_request request;
  request.authorization = std::move(authorization);
  return request;
}

std::optional<std::string> token_in(const std::string& text) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("streamer-token-" + std::to_string(reinterpret_cast<std::uintptr_t>(&text)));
  std::ofstream{file} << text;
  auto token = read_bearer_token(file.string());
  std::filesystem::remove(file);
  return token;
}

} // namespace

TEST_CASE("Only the whole token after 'Bearer ' is let in") {
  CHECK(carries_bearer_token(with("Bearer s3cret"), "s3cret"));
  for (const auto* wrong : {"", "Bearer ", "Bearer s3cre", "Bearer s3cretx", "Bearer S3cret",
                            "bearer s3cret", "Basic s3cret", "s3cret", "Bearer  s3cret"}) {
    INFO(wrong);
    CHECK_FALSE(carries_bearer_token(with(wrong), "s3cret"));
  }
}

TEST_CASE("No token lets nobody in") {
  CHECK_FALSE(carries_bearer_token(with("Bearer "), ""));
  CHECK_FALSE(carries_bearer_token(with(""), ""));
}

TEST_CASE("A token is the first line of its file, without blanks around it") {
  CHECK(token_in("s3cret\n") == "s3cret");
  CHECK(token_in("  s3cret \r\nsecond\n") == "s3cret");
  CHECK(token_in("\n").has_value() == false);
  CHECK(token_in("").has_value() == false);
  CHECK_FALSE(read_bearer_token("/no/such/file").has_value());
}

TEST_CASE("Who has no token is told how to bring one, and not what it is") {
  const auto answer = bearer_token_missing();
  CHECK(answer.status == 401);
  REQUIRE(answer.headers.size() == 1);
  CHECK(answer.headers.front().first == "WWW-Authenticate");
}

TEST_CASE("A token that is replaced counts at once, and the last one while there is none") {
  const auto file =
      std::filesystem::temp_directory_path() /
      ("streamer-token-file-" + std::to_string(reinterpret_cast<std::uintptr_t>(&with)));
  std::ofstream{file} << "first\n";
  token_file token{file.string(), "first"};
  CHECK(token.current() == "first");
  std::ofstream{file} << "second\n";
  CHECK(token.current() == "second");
  std::filesystem::remove(file);
  CHECK(token.current() == "second");
}
