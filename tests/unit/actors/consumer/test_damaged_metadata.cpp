#include "actors/consumer/base64.hpp"
#include "actors/consumer/commit_metadata.hpp"
#include "tests/support/sealed_metadata.hpp"
#include "tests/unit/actors/consumer/metadata_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {
namespace {

constexpr offset_id near_base{7};
constexpr metadata_scope near_scope{"c", "t", partition_id{1}, near_base};

std::string some_text() {
  return encode({{{near_base, 2, fixture::first_told_ms}},
                 {{offset_id{9}, offset_id{20}}, {offset_id{300}, offset_id{301}}}},
                near_scope)
      .text;
}

// Damage that a checksum cannot find.
std::string sealed(std::string_view body, std::string_view version = "s2:") {
  return test::sealed_metadata(body, near_scope, version);
}

bool makes_sense(const commit_metadata& data) {
  offset_id before{near_base.value() - 1};
  for (const auto& f : data.failing) {
    if (f.offset <= before) {
      return false;
    }
    before = f.offset;
  }
  before = offset_id{near_base.value() - 1};
  for (const auto& r : data.finished) {
    if (r.first <= before || r.last < r.first) {
      return false;
    }
    before = r.last;
  }
  return true;
}

TEST_CASE("Text that this program did not write is refused as foreign, damage as damage") {
  using v = metadata_verdict;
  struct row {
    std::string text;
    v verdict;
  };
  const std::vector<row> rows{
      {"hello", v::foreign},
      {R"({"offset":7})", v::foreign},
      {" ", v::foreign},
      {"s", v::foreign},
      {"s:", v::foreign},
      {"s1", v::foreign},
      {"sx:AAAA", v::foreign},
      {"s1x:AAAA", v::foreign},
      {"S1:AAAA", v::foreign},
      {"s-1:AAAA", v::foreign},
      {std::string("\0s1:", 4), v::foreign},
      {"s0:AAAA", v::other_version},
      {"s3:AAAA", v::other_version},
      {"s10:", v::other_version},
      {"s99999999999999999999:x", v::other_version},
      {"s1:", v::malformed},
      {"s1:A", v::malformed},
      {"s1:AAAA", v::malformed},
      {"s1:AAAAAAAAAAAAAAAAAAAA", v::malformed},
      {"s2:AAAAAAAAAAAAAAAAAAAA", v::malformed},
      {"s1:not base64!", v::malformed},
      {some_text() + "=", v::malformed},
      {some_text() + some_text(), v::malformed},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto decoded = decode(r.text, near_scope);
    CHECK(to_string(decoded.verdict) == to_string(r.verdict));
    CHECK(decoded.data == commit_metadata{});
  }
}

TEST_CASE("Every verdict has a name of its own") {
  using v = metadata_verdict;
  std::vector<std::string_view> names;
  for (const auto verdict : {v::usable, v::absent, v::foreign, v::other_version, v::malformed,
                             v::other_cluster, v::other_partition, v::other_offset}) {
    names.push_back(to_string(verdict));
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("A text that was cut anywhere is not used") {
  const auto text = some_text();
  REQUIRE(decode(text, near_scope).verdict == metadata_verdict::usable);
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    const auto decoded = decode(text.substr(0, length), near_scope);
    CHECK(decoded.verdict != metadata_verdict::usable);
    CHECK(decoded.data == commit_metadata{});
  }
}

TEST_CASE("A text with one wrong character never says anything else than it said") {
  const auto text = some_text();
  const auto said = decode(text, near_scope).data;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      auto damaged = text;
      damaged[at] = static_cast<char>(c);
      const auto decoded = decode(damaged, near_scope);
      CAPTURE(at, c);
      // The last character has bits that mean nothing.
      const bool same = decoded.verdict == metadata_verdict::usable && decoded.data == said;
      const bool harmless = c == static_cast<unsigned char>(text[at]) || at + 1 == text.size();
      if (decoded.verdict == metadata_verdict::usable) {
        REQUIRE((same && harmless));
      } else {
        REQUIRE(decoded.data == commit_metadata{});
      }
    }
  }
}

TEST_CASE("Garbage of any kind is refused without harm") {
  const std::uint64_t seed = GENERATE(51U, 52U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 100, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random() & 255U); });
    if (random() % 2 == 0) {
      text = (random() % 2 == 0 ? "s1:" : "s2:") + base64_encode(text);
    }
    const auto decoded = decode(text, near_scope);
    CAPTURE(round, text);
    REQUIRE((decoded.verdict != metadata_verdict::usable));
    REQUIRE(decoded.data == commit_metadata{});
  }
}

TEST_CASE("A wrong body under a right checksum is refused or makes sense, and never crashes") {
  const std::uint64_t seed = GENERATE(61U, 62U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  std::size_t usable = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string body(random() % 24, '\0');
    const auto mask = random() % 3 == 0 ? 255U : 3U;
    std::generate(body.begin(), body.end(), [&] { return static_cast<char>(random() & mask); });
    const auto decoded = decode(sealed(body, random() % 2 == 0 ? "s1:" : "s2:"), near_scope);
    CAPTURE(round, body);
    if (decoded.verdict == metadata_verdict::usable) {
      ++usable;
      REQUIRE(makes_sense(decoded.data));
    } else {
      REQUIRE(decoded.verdict == metadata_verdict::malformed);
      REQUIRE(decoded.data == commit_metadata{});
    }
  }
  CHECK(usable > 0);
}

TEST_CASE("What stands twice, or in ranges that overlap, is refused") {
  using namespace std::string_literals;
  const auto verdict = [](const std::string& body) {
    return decode(sealed(body), near_scope).verdict;
  };
  CHECK(verdict("\2\0\1\0\0\1\1\0\0\0"s) == metadata_verdict::usable);
  CHECK(verdict("\2\0\1\0\0\0\1\0\0\0"s) == metadata_verdict::malformed);
  CHECK(verdict("\0\2\1\3\1\3"s) == metadata_verdict::usable);
  CHECK(verdict("\0\2\1\3\0\3"s) == metadata_verdict::malformed);
}

TEST_CASE("Counts and offsets beyond all reason are refused") {
  using namespace std::string_literals;
  const auto largest = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s; // 2^63 - 1
  const auto verdict = [](const std::string& body) {
    return decode(sealed(body), near_scope).verdict;
  };
  CHECK(verdict("\0\0"s) == metadata_verdict::usable);
  CHECK(verdict(""s) == metadata_verdict::malformed);
  CHECK(verdict("\0"s) == metadata_verdict::malformed);
  CHECK(verdict("\0\0\0"s) == metadata_verdict::malformed);
  CHECK(verdict(largest) == metadata_verdict::malformed);
  CHECK(verdict("\0"s + largest) == metadata_verdict::malformed);
  CHECK(verdict("\1"s + largest + "\1\1\1\0"s) == metadata_verdict::malformed);
  CHECK(verdict("\1\0\1"s + largest + largest + "\0"s) == metadata_verdict::usable);
  CHECK(verdict("\0\1"s + largest + "\0"s) == metadata_verdict::malformed);
  CHECK(verdict("\0\1\1"s + largest) == metadata_verdict::malformed);
  CHECK(verdict("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s) == metadata_verdict::malformed);
}

} // namespace
} // namespace streamer
