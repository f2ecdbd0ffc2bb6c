// The lines between redrive and its --transform command, and the command as a process.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/tools/redrive_fixture.hpp"
#include "tools/redrive/redriven_record.hpp"
#include "tools/redrive/transform_line.hpp"
#include "tools/transform_child.hpp"

namespace streamer::tools {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using fixture::header;

outbound_event some_event(const record_ref& letter) {
  return make_redriven(letter, read_dead_letter(letter), {"events.redrive.workers", true, {}});
}

TEST_CASE("a request is one line with the record and why it failed") {
  const auto letter = fixture::dead_lettered(
      fixture::original({header("own", "1"), header("binary", "\xff"), {"null", {}, true}}));
  const auto event = some_event(letter);
  const auto line = transform_request(event, read_dead_letter(letter));
  CHECK(line.find('\n') == std::string::npos);
  const auto request = nlohmann::json::parse(line);
  CHECK(request["key"] == std::string("k\0k", 3));
  CHECK(request["value"] == nlohmann::json{{"base64", "//4="}});
  CHECK(request["headers"] ==
        nlohmann::json::array({{{"name", "own"}, {"value", "1"}},
                               {{"name", "binary"}, {"value", {{"base64", "/w=="}}}},
                               {{"name", "null"}, {"value", nullptr}}}));
  CHECK(request["dead_letter"]["reason"] == "timeout");
  CHECK(request["dead_letter"]["message"] == "too slow");
  CHECK(request["dead_letter"]["source_offset"] == 1234);
}

TEST_CASE("an answer that repeats the request changes nothing") {
  const auto letter = fixture::dead_lettered(
      fixture::original({header("own", "1"), header("binary", "\xff"), {"null", {}, true}}));
  const auto before = some_event(letter);
  auto after = before;
  CHECK_FALSE(apply_answer(after, transform_request(before, read_dead_letter(letter))));
  CHECK(after.key_bytes().view() == before.key_bytes().view());
  CHECK(after.value_bytes().view() == before.value_bytes().view());
  CHECK(after.headers == before.headers);
  CHECK(after.partition_seed == before.partition_seed);
  auto untouched = before;
  CHECK_FALSE(apply_answer(untouched, "{}"));
  CHECK(untouched.headers == before.headers);
  CHECK(untouched.value_bytes().view() == before.value_bytes().view());
}

TEST_CASE("an answer changes what it names") {
  auto event = some_event(fixture::dead_lettered(fixture::original({header("own", "1")})));
  CHECK_FALSE(apply_answer(event, R"({"value":{"n":1},"headers":[{"name":"new","value":null},)"
                                  R"({"name":"streamer.redrive-count","value":"0"}]})"));
  CHECK(event.value == R"({"n":1})");
  CHECK(event.key == std::string("k\0k", 3));
  CHECK(event.partition_seed == 7);
  REQUIRE(event.headers.size() == 3);
  CHECK(event.headers[0] == owned_header{"new", {}, true});
  // The guard against endless rounds is not the command's to reset.
  CHECK(event.headers[1] == header("streamer.redrive-count", "1"));
  CHECK_FALSE(apply_answer(event, R"({"value":null,"key":"other"})"));
  CHECK_FALSE(event.value);
  CHECK(event.key == "other");
  CHECK_FALSE(event.partition_seed); // another key is in another partition
}

TEST_CASE("an answer that is none is refused without a word of it") {
  const std::string answer =
      GENERATE("", "secret", "[\"secret\"]", R"({"key":17})", R"({"key":{"base64":"§"}})",
               R"({"value":{"base64":"§"}})", R"({"headers":{"secret":"1"}})",
               R"({"headers":["secret"]})", R"({"headers":[{"name":null,"value":"secret"}]})",
               R"({"headers":[{"name":"a"}]})", R"({"payload":"secret"})");
  CAPTURE(answer);
  auto event = some_event(fixture::dead_lettered(fixture::original()));
  const auto before = event.headers;
  const auto problem = apply_answer(event, answer);
  REQUIRE(problem);
  CHECK(problem->find("secret") == std::string::npos);
  CHECK(event.headers == before);
}

TEST_CASE("a command answers line by line, however long the lines are") {
  auto child = transform_child::start("while read -r line; do echo \"$line$line\"; done", 10s);
  REQUIRE(child);
  CHECK(child.value()->ask("a").value() == "aa");
  const std::string large(300'000, 'x');
  CHECK(child.value()->ask(large).value() == large + large);
  CHECK(child.value()->ask("b").value() == "bb");
}

TEST_CASE("a command that writes before it has read all does not block") {
  auto child = transform_child::start("exec cat", 10s);
  REQUIRE(child);
  const std::string large(5'000'000, 'x');
  CHECK(child.value()->ask(large).value() == large);
}

TEST_CASE("a command that ends is told by how it ended") {
  auto failed = transform_child::start("read -r line; exit 7", 10s);
  REQUIRE(failed);
  CHECK_THAT(failed.value()->ask("a").error(), ContainsSubstring("exit code 7"));
  auto killed = transform_child::start("read -r line; kill -9 $$", 10s);
  REQUIRE(killed);
  CHECK_THAT(killed.value()->ask("a").error(), ContainsSubstring("signal 9"));
  auto missing = transform_child::start("/nowhere/command 2>/dev/null", 10s);
  REQUIRE(missing);
  CHECK_THAT(missing.value()->ask("a").error(), ContainsSubstring("exit code 127"));
}

TEST_CASE("a command that is silent is given up, with all that it started") {
  auto silent = transform_child::start("sleep 600 & wait", 200ms);
  REQUIRE(silent);
  CHECK_THAT(silent.value()->ask("a").error(), ContainsSubstring("200 ms"));
}

} // namespace
} // namespace streamer::tools
