#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <sstream>
#include <string>

#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"
#include "tools/text/table.hpp"
#include "tools/text/terminal.hpp"

namespace streamer::tools {
namespace {

using namespace std::chrono_literals;

std::size_t longest_line(const std::string& text) {
  std::istringstream in{text};
  std::size_t longest = 0;
  for (std::string line; std::getline(in, line);)
    longest = std::max(longest, shown_width(line));
  return longest;
}

TEST_CASE("a timestamp needs date, T, seconds and a zone") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2026-11-23T09:13:05Z") == 1795425185000);
  CHECK(parse_rfc3339("2026-11-23t09:13:05z") == 1795425185000);
  for (const auto* text :
       {"", "2026-11-23", "2026-11-23T09:13:05", "2026-11-23 09:13:05Z", "2026-11-23T09:13Z",
        "2026-11-23T09:13:05Zx", "26-11-23T09:13:05Z", "2026-11-23T9:13:05Z",
        " 2026-11-23T09:13:05Z", "2026-11-23T09:13:05+01", "2026-11-23T09:13:05+0100",
        "2026-11-23T09:13:05.Z", "2026-11-23T09:13:05,5Z", "+026-11-23T09:13:05Z", "1700000000"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("a timestamp's zone is subtracted and its fraction cut to milliseconds") {
  CHECK(parse_rfc3339("2026-11-23T10:13:05+01:00") == 1795425185000);
  CHECK(parse_rfc3339("2026-11-23T03:43:05-05:30") == 1795425185000);
  CHECK(parse_rfc3339("2026-11-23T09:13:05.5Z") == 1795425185500);
  CHECK(parse_rfc3339("2026-11-23T09:13:05.0009999Z") == 1795425185000);
  CHECK_FALSE(parse_rfc3339("2026-11-23T09:13:05+24:00"));
  CHECK_FALSE(parse_rfc3339("2026-11-23T09:13:05+01:60"));
}

TEST_CASE("a day that does not exist is refused, a leap day is taken") {
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z"));
  for (const auto* text : {"2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
                           "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                           "2026-06-30T23:59:60Z", "1969-12-31T23:59:59Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("what is formatted can be parsed again") {
  CHECK(format_rfc3339(1795425185007) == "2026-11-23T09:13:05.007Z");
  CHECK(parse_rfc3339(format_rfc3339(1795425185007)) == 1795425185007);
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-123456) == "-123,456");
  CHECK(grouped(1234567890) == "1,234,567,890");
}

TEST_CASE("durations change their unit with their size") {
  CHECK(shown_duration(840us) == "0.84 ms");
  CHECK(shown_duration(12500us) == "12.5 ms");
  CHECK(shown_duration(3200ms) == "3.2 s");
  CHECK(shown_duration(245s) == "4 min 05 s");
  CHECK(shown_duration(130min) == "2 h 10 min");
  CHECK(shown_duration(76h) == "3 d 4 h");
}

TEST_CASE("decimals lose their trailing zeros") {
  CHECK(shown_decimal(2.0, 3) == "2");
  CHECK(shown_decimal(0.125, 2) == "0.12");
  CHECK(shown_decimal(-0.0001, 2) == "0");
  CHECK(shown_decimal(100.0, 0) == "100");
}

TEST_CASE("a number is digits only") {
  CHECK(parse_number("0") == 0);
  CHECK(parse_number("9223372036854775807") == 9223372036854775807);
  for (const auto* text : {"", "-1", "+1", "1 ", "1e3", "0x1", "9223372036854775808"}) {
    INFO(text);
    CHECK_FALSE(parse_number(text));
  }
}

TEST_CASE("an age is a positive number and one unit") {
  CHECK(parse_age("45s") == 45s);
  CHECK(parse_age("30m") == 30min);
  CHECK(parse_age("2h") == 2h);
  CHECK(parse_age("7d") == 168h);
  for (const auto* text : {"", "s", "0s", "-1s", "5", "5w", "1h30m", "99999999999999999d"}) {
    INFO(text);
    CHECK_FALSE(parse_age(text));
  }
}

TEST_CASE("a table aligns numbers right and ends no line with blanks") {
  table out{{{"name"}, {"count", true}, {"note"}}};
  out.add({"a", "5", ""});
  out.add({"long name", "12345", "x"});
  CHECK(out.render() == "name       count  note\na              5\nlong name  12345  x\n");
}

TEST_CASE("a table that is too wide shortens the widest column that may shrink") {
  table out{{{"topic", false, true}, {"offset", true}, {"note", false, true}}};
  out.add({std::string(50, 't'), "1234567890123456789", std::string(60, 'n')});
  const auto text = out.render(80);
  CHECK(longest_line(text) == 80);
  CHECK(text.find("1234567890123456789") != std::string::npos);
  CHECK(text.find("…") != std::string::npos);
}

TEST_CASE("a cell cannot leave its line or colour the terminal") {
  table out{{{"value"}}};
  out.add({"two\nlines\x1b[31m"});
  const auto text = out.render();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("wrapped text keeps every character and fits the width") {
  CHECK(wrapped("short", 10, 2) == "short\n");
  CHECK(wrapped("0123456789abcdefghijklm", 10, 2) == "0123456789\n  abcdefgh\n  ijklm\n");
  CHECK(wrapped("äöüß", 3, 1) == "äöü\n ß\n");
  CHECK(wrapped("", 10, 2) == "\n");
}

TEST_CASE("shortening counts characters, not bytes") {
  CHECK(shortened("äöü", 3) == "äöü");
  CHECK(shortened("äöüß", 3) == "äö…");
  CHECK(shortened("abc", 0).empty());
}

TEST_CASE("colours are left out where the stream is no terminal") {
  const terminal plain;
  CHECK(painted(plain, colour::red, "x") == "x");
  terminal coloured;
  coloured.colours = true;
  CHECK(painted(coloured, colour::red, "x") == "\x1b[31mx\x1b[0m");
}

} // namespace
} // namespace streamer::tools
