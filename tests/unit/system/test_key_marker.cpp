#include "runtime/system/key_marker.hpp"

#include <catch2/catch_test_macros.hpp>

using streamer::key_marker;

TEST_CASE("Equal keys have equal marks, other keys others, and the key is not in its mark") {
  const key_marker mark;
  const auto first = mark("customer-4711");
  CHECK(first.size() == 16);
  CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(mark("customer-4711") == first);
  CHECK(mark("customer-4712") != first);
  CHECK(mark("") != first);
  const key_marker copy = mark;
  CHECK(copy("customer-4711") == first);
}

TEST_CASE("Two processes mark one key differently: marks cannot be looked up") {
  CHECK(key_marker{}("customer-4711") != key_marker{}("customer-4711"));
}
