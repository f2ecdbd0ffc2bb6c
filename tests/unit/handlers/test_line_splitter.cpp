#include "runtime/handlers/subprocess/line_splitter.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace streamer {
namespace {

struct seen_line {
  std::string text;
  bool cut = false;
  friend bool operator==(const seen_line&, const seen_line&) = default;
};

std::vector<seen_line> split(std::size_t longest, const std::vector<std::string>& reads) {
  line_splitter splitter{longest};
  std::vector<seen_line> lines;
  for (const auto& bytes : reads) {
    splitter.feed(bytes, [&](std::string_view line, bool cut) {
      lines.push_back({std::string{line}, cut});
    });
  }
  return lines;
}

using seen = std::vector<seen_line>;

TEST_CASE("Lines are the same however their bytes come in") {
  const std::string text = "one\n\ntwo\r\nthree\n";
  const seen expected{{"one"}, {""}, {"two"}, {"three"}};
  CHECK(split(10, {text}) == expected);
  std::vector<std::string> bytes;
  for (const char c : text) {
    bytes.emplace_back(1, c);
  }
  CHECK(split(10, bytes) == expected);
  CHECK(split(10, {"on", "e\n\ntw", "o\r", "\nthree", "\n"}) == expected);
}

TEST_CASE("What has no line end yet is kept, and no line") {
  line_splitter splitter{10};
  int lines = 0;
  splitter.feed("abc", [&](std::string_view, bool) { ++lines; });
  CHECK(lines == 0);
  CHECK(splitter.rest() == "abc");
}

TEST_CASE("A line of the longest length passes, a longer one is cut and the next is whole") {
  CHECK(split(4, {"abcd\n"}) == seen{{"abcd"}});
  CHECK(split(4, {"abcd\r\n"}) == seen{{"abcd"}});
  CHECK(split(4, {"abcd", "\r", "\n"}) == seen{{"abcd"}});
  CHECK(split(4, {"abcd", "\r", "\r\n"}) == seen{{"abcd", true}});
  CHECK(split(4, {"abcde\nf\n"}) == seen{{"abcd", true}, {"f"}});
  CHECK(split(4, {"ab", "cde", "fgh", "\nf\n"}) == seen{{"abcd", true}, {"f"}});
}

TEST_CASE("A line without an end takes no more memory than the longest") {
  line_splitter splitter{100};
  int cuts = 0;
  for (int i = 0; i < 10'000; ++i) {
    splitter.feed("0123456789", [&](std::string_view, bool cut) { cuts += cut ? 1 : 0; });
  }
  CHECK(cuts == 1);
  CHECK(splitter.rest().size() <= 100);
}

} // namespace
} // namespace streamer
