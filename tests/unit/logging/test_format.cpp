#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/logging/format.hpp"
#include "runtime/logging/utf8.hpp"

using namespace streamer;
using namespace std::string_literals;

namespace {

constexpr std::chrono::system_clock::time_point leap_noon{std::chrono::milliseconds{1709208000042}};

log_entry entry_with(std::span<const log_field> fields) {
  return {leap_noon, log_level::warn, "consumer", "partition_assigned", "partition assigned",
          fields};
}

std::string text_of(log_value value) {
  const std::array fields{log_field{"k", value}};
  auto line = format_text(entry_with(fields));
  return line.substr(line.find("k=") + 2);
}

const auto hostile =
    "a\r\nlevel=critical\tb\x1b[31mred\x07\x7f\xc2\x9b"
    "2J\xe2\x80\xa8x\xe2\x80\xaey\0z"s;

} // namespace

TEST_CASE("A text line has time, level, component, event, message and fields in this order") {
  const std::array fields{log_field{"topic", "events"}, log_field{"partition", 3}};
  CHECK(format_text(entry_with(fields)) ==
        "2024-02-29T12:00:00.042Z warn consumer partition_assigned partition assigned "
        "topic=events partition=3");
}

TEST_CASE("A text value is quoted exactly where it could be misread") {
  CHECK(text_of("plain-1.2/x") == "plain-1.2/x");
  CHECK(text_of("") == "\"\"");
  CHECK(text_of("two words") == "\"two words\"");
  CHECK(text_of("a=b") == "\"a=b\"");
  CHECK(text_of("say \"hi\"") == R"("say \"hi\"")");
  CHECK(text_of("back\\slash") == R"("back\\slash")");
  CHECK(text_of("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("A message cannot pretend to be a field") {
  auto entry = entry_with({});
  entry.message = "offset=7 done";
  CHECK(format_text(entry).ends_with(" partition_assigned \"offset=7 done\""));
}

TEST_CASE("Numbers and truth values are written as themselves") {
  CHECK(text_of(true) == "true");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text_of(0.25) == "0.25");
  CHECK(text_of(static_cast<const char*>(nullptr)) == "\"\"");
}

TEST_CASE("A text line stays one line of harmless characters whatever a value contains") {
  const auto line = text_of(hostile);
  CHECK(line ==
        R"("a\r\nlevel=critical\tb\u001b[31mred\u0007\u007f\u009b2J\u2028x\u202ey\u0000z")");
}

TEST_CASE("Characters that hide or reorder text are escaped in a text line") {
  CHECK(text_of("\xd8\x9c\xe2\x80\x8b\xe2\x80\x8f") == R"("\u061c\u200b\u200f")");
  CHECK(text_of("\xe2\x81\xa6\xef\xbb\xbf") == R"("\u2066\ufeff")");
  CHECK(escape_text("\xe2\x80\x90") == "\xe2\x80\x90");
}

TEST_CASE("Every part of a text line is escaped, not only the values") {
  const std::array fields{log_field{"na\nme", "v"}};
  const log_entry entry{leap_noon, log_level::info, "com\nponent", "ev\rent", "mes\nsage", fields};
  const auto line = format_text(entry);
  CHECK(line.find_first_of("\r\n") == std::string::npos);
  CHECK(line.ends_with(R"("com\nponent" "ev\rent" "mes\nsage" "na\nme"=v)"));
}

TEST_CASE("Every single byte and every pair of bytes keeps a line valid UTF-8 without controls") {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string value{static_cast<char>(first), static_cast<char>(second)};
      std::string_view rest;
      const auto line = text_of(value);
      for (rest = line; !rest.empty();) {
        const auto step = decode_utf8(rest);
        REQUIRE(step.valid);
        REQUIRE(step.code_point >= 0x20);
        REQUIRE((step.code_point < 0x7F || step.code_point > 0x9F));
        rest.remove_prefix(step.length);
      }
    }
  }
}

TEST_CASE("A JSON line is one ASCII object that gives the text back") {
  const std::array fields{log_field{"value", hostile}, log_field{"n", 42U}, log_field{"ok", false}};
  const auto line = format_json(entry_with(fields));
  for (const char c : line) {
    REQUIRE(c >= 0x20);
    REQUIRE(c < 0x7F);
  }
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed["time"] == "2024-02-29T12:00:00.042Z");
  CHECK(parsed["level"] == "warn");
  CHECK(parsed["component"] == "consumer");
  CHECK(parsed["event"] == "partition_assigned");
  CHECK(parsed["message"] == "partition assigned");
  CHECK(parsed["value"] == hostile);
  CHECK(parsed["n"] == 42);
  CHECK(parsed["ok"] == false);
}

TEST_CASE("A JSON line replaces invalid UTF-8 and writes what is not finite as null") {
  const std::array fields{log_field{"bad", "a\xff\xc3(b"},
                          log_field{"nan", std::numeric_limits<double>::quiet_NaN()}};
  const auto parsed = nlohmann::json::parse(format_json(entry_with(fields)));
  CHECK(parsed["bad"] == "a\xef\xbf\xbd\xef\xbf\xbd(b");
  CHECK(parsed["nan"].is_null());
}

TEST_CASE("A field cannot overwrite the parts that every JSON line has") {
  const std::array fields{log_field{"level", "none"}, log_field{"message", "other"}};
  const auto parsed = nlohmann::json::parse(format_json(entry_with(fields)));
  CHECK(parsed["level"] == "warn");
  CHECK(parsed["field_level"] == "none");
  CHECK(parsed["field_message"] == "other");
}

TEST_CASE("A huge value is cut between two code points and says what is missing") {
  std::string huge;
  while (huge.size() < 10'000'000) {
    huge += "\xe2\x82\xac";
  }
  const auto text = text_of(huge);
  CHECK(text.size() < max_log_text + 64);
  CHECK(text.ends_with("\xe2\x82\xac...(+" + std::to_string(huge.size() - 4095) + " bytes)\""));
  const std::array fields{log_field{"k", huge}};
  const auto parsed = nlohmann::json::parse(format_json(entry_with(fields)));
  CHECK(parsed["k"].get<std::string>().size() < max_log_text + 64);
}

TEST_CASE("Decoding UTF-8 refuses overlong forms, surrogates, cut sequences and values too large") {
  CHECK(replace_invalid_utf8("a\xc0\x80z") == "a\xef\xbf\xbd\xef\xbf\xbdz");
  CHECK_FALSE(decode_utf8("\xe0\x80\x80").valid);
  CHECK_FALSE(decode_utf8("\xed\xa0\x80").valid);
  CHECK_FALSE(decode_utf8("\xf4\x90\x80\x80").valid);
  CHECK_FALSE(decode_utf8("\xe2\x82").valid);
  CHECK_FALSE(decode_utf8("\x80").valid);
  CHECK(decode_utf8("\xf4\x8f\xbf\xbf").code_point == 0x10FFFF);
  CHECK(decode_utf8("\xe2\x82\xac").length == 3);
}

TEST_CASE("Times before 1970 are written as dates too") {
  CHECK(format_time(std::chrono::system_clock::time_point{std::chrono::milliseconds{-1}}) ==
        "1969-12-31T23:59:59.999Z");
}
