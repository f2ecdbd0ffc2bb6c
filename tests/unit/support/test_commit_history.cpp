#include "tests/support/commit_history.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace streamer::test;
using namespace std::string_literals;

namespace {

// group "g", topic "in", partition 3
const std::string commit_key = "\0\1\0\1g\0\2in\0\0\0\3"s;
const auto offset_700 = "\0\0\0\0\0\0\2\274"s;
const auto time_256 = "\0\0\0\0\0\0\1\0"s;

} // namespace

TEST_CASE("A commit is read with its group, place, offset, metadata and time") {
  const auto commit =
      parse_commit(commit_key, "\0\3"s + offset_700 + "\0\0\0\1"s + "\0\4s1:x"s + time_256);
  REQUIRE(commit);
  CHECK(commit->group == "g");
  CHECK(commit->topic == "in");
  CHECK(commit->partition == 3);
  CHECK(commit->offset == 700);
  CHECK(commit->metadata == "s1:x");
  CHECK(commit->commit_ms == 256);
}

TEST_CASE("A commit of version 4 has compact strings, of version 1 no leader epoch") {
  const auto v4 =
      parse_commit(commit_key, "\0\4"s + offset_700 + "\0\0\0\1"s + "\5s1:x"s + time_256 + "\0"s);
  REQUIRE(v4);
  CHECK(v4->metadata == "s1:x");
  CHECK(v4->commit_ms == 256);
  const auto v1 = parse_commit(commit_key, "\0\1"s + offset_700 + "\0\0"s + time_256 + time_256);
  REQUIRE(v1);
  CHECK(v1->metadata.empty());
  CHECK(v1->commit_ms == 256);
}

TEST_CASE("Other records of the log of commits are no commits") {
  CHECK_FALSE(parse_commit("\0\2\0\1g"s, "\0\3"s));     // a group's membership
  CHECK_FALSE(parse_commit(commit_key, std::nullopt));  // a deleted commit
  CHECK_FALSE(parse_commit(commit_key, "\0\3\0\0"s));   // cut off
  CHECK_FALSE(parse_commit("\0\1\0\5g"s, "\0\3\0\0"s)); // a length beyond the end
  CHECK_FALSE(parse_commit("", "\0\3"s));
}
