#include "actors/consumer/base64.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {
namespace {

TEST_CASE("Base64 gives the texts of RFC 4648 without their padding") {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors{
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"},
  };
  for (const auto& [bytes, text] : vectors) {
    CAPTURE(text);
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == std::string{bytes});
  }
}

TEST_CASE("Base64 brings any bytes back, in printable ASCII") {
  const std::uint64_t seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random() & 255U); });
    const auto text = base64_encode(bytes);
    CAPTURE(length);
    REQUIRE(base64_decode(text) == bytes);
    REQUIRE(std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
  }
}

TEST_CASE("A character outside the alphabet is refused wherever it stands") {
  for (int c = 0; c < 256; ++c) {
    const auto character = static_cast<char>(c);
    const bool in_alphabet = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             (c >= '0' && c <= '9') || c == '+' || c == '/';
    for (std::size_t at = 0; at < 8; ++at) {
      std::string text = "AAAAAAAA";
      text[at] = character;
      CAPTURE(c, at);
      REQUIRE(base64_decode(text).has_value() == in_alphabet);
    }
  }
}

TEST_CASE("Padding and impossible lengths are refused") {
  for (const auto* text : {"A", "AAAAA", "AAAAAAAAA", "Zg==", "Zm8=", "Zm9v\n"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text).has_value());
  }
}

TEST_CASE("The capacity is the most bytes whose base64 fits into so many characters") {
  for (std::size_t characters = 0; characters < 5000; ++characters) {
    const auto most = base64_capacity(characters);
    if (base64_encode(std::string(most, 'x')).size() > characters ||
        base64_encode(std::string(most + 1, 'x')).size() <= characters) {
      CAPTURE(characters, most);
      FAIL("the capacity is not the most that fits");
    }
  }
  CHECK(base64_capacity(4096) == 3072);
}

} // namespace
} // namespace streamer
