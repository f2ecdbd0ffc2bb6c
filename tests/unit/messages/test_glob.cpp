#include "messages/glob.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace streamer {
namespace {

// What a glob means, said by recursion.
bool matches_by_definition(std::string_view glob, std::string_view text) {
  if (glob.empty()) {
    return text.empty();
  }
  if (glob.front() == '*') {
    return matches_by_definition(glob.substr(1), text) ||
           (!text.empty() && matches_by_definition(glob, text.substr(1)));
  }
  return !text.empty() && (glob.front() == '?' || glob.front() == text.front()) &&
         matches_by_definition(glob.substr(1), text.substr(1));
}

std::vector<std::string> all_words(std::string_view alphabet, std::size_t longest) {
  std::vector<std::string> words{""};
  for (std::size_t from = 0, length = 0; length < longest; ++length) {
    const auto to = words.size();
    for (; from < to; ++from) {
      for (const char c : alphabet) {
        words.push_back(words[from] + c);
      }
    }
  }
  return words;
}

TEST_CASE("A glob's star takes any run and its question mark any one byte") {
  struct row {
    std::string_view glob;
    std::string_view text;
    bool matches;
  };
  const std::vector<row> rows{
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"order.*", "order.created", true},
      {"order.*", "order.", true},
      {"order.*", "orders.created", false},
      {"*.created", "order.created", true},
      {"*.created", "order.created.v2", false},
      {"order.?.v1", "order.a.v1", true},
      {"order.?.v1", "order.v1", false},
      {"?", "", false},
      {"Order", "order", false},
      {"a.c", "abc", false},
      {"[ab]", "a", false},
      {"[ab]", "[ab]", true},
      {"*.*.*", "a.b", false},
      {"*.*.*", "a.b.c.d", true},
  };
  for (const auto& r : rows) {
    CAPTURE(r.glob, r.text);
    CHECK(glob_matches(r.glob, r.text) == r.matches);
  }
}

TEST_CASE("Every short glob matches every short text exactly as its definition says") {
  std::size_t matches = 0;
  for (const auto& glob : all_words("ab*?", 5)) {
    for (const auto& text : all_words("ab", 5)) {
      matches += glob_matches(glob, text) ? 1U : 0U;
      if (glob_matches(glob, text) != matches_by_definition(glob, text)) {
        CAPTURE(glob, text);
        FAIL("differs from the definition");
      }
    }
  }
  CHECK(matches > 1000);
}

TEST_CASE("A glob of many stars on a long text that almost matches comes to an end") {
  std::string glob;
  for (int i = 0; i < 50; ++i) {
    glob += "*a";
  }
  const std::string text(20'000, 'a');
  CHECK(glob_matches(glob, text));
  CHECK_FALSE(glob_matches(glob + "b", text));
}

TEST_CASE("A glob takes bytes as they are, zero bytes and broken UTF-8 included") {
  const std::string text{"a\0\xff\xfe", 4};
  CHECK(glob_matches("a*", text));
  CHECK(glob_matches("a???", text));
  CHECK_FALSE(glob_matches("a", text));
  CHECK(glob_matches(text, text));
}

} // namespace
} // namespace streamer
