#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

std::vector<handler_settings> handlers_of(const load_result& result) {
  INFO(report(result));
  REQUIRE(result);
  return result.loaded->values.handlers;
}

TEST_CASE("a handler has its selectors, common keys and its kind's own keys") {
  auto handlers = handlers_of(load_text(R"(
[[handlers]]
event_type = "order.*"
topic = "^orders.*"
header.region = "eu-*"
"header.x-y" = "?"
kind = "checksum"
concurrency = 2
timeout_ms = 500
retry_on = ["*Timeout*"]
reject_on = ["*Schema*"]
seed = 7
ratio = 0.5
names = ["a", "b"]
nested.flag = true
)"));
  REQUIRE(handlers.size() == 1);
  REQUIRE(handlers[0].event_type == "order.*");
  REQUIRE(handlers[0].topic == "^orders.*");
  REQUIRE(handlers[0].header ==
          std::map<std::string, std::string>{{"region", "eu-*"}, {"x-y", "?"}});
  REQUIRE(handlers[0].kind == "checksum");
  REQUIRE(handlers[0].concurrency == 2);
  REQUIRE(handlers[0].timeout == milliseconds{500});
  REQUIRE(handlers[0].retry_on == std::vector<std::string>{"*Timeout*"});
  REQUIRE(handlers[0].reject_on == std::vector<std::string>{"*Schema*"});
  REQUIRE(handlers[0].options ==
          std::map<std::string, std::string>{
              {"seed", "7"}, {"ratio", "0.5"}, {"names", "a,b"}, {"nested.flag", "true"}});
}

TEST_CASE("a handler's retry is the common one with its own keys laid over it") {
  sources from;
  from.flags = {set_flag("retry.multiplier=3")};
  auto handlers = handlers_of(load_text(R"(
[[handlers]]
topic = "a"
kind = "discard"
[handlers.retry]
max_attempts = 2
[[handlers]]
kind = "discard"
[retry]
jitter = 0.1
)",
                                        from));
  REQUIRE(handlers[0].retry.max_attempts == 2);
  REQUIRE(handlers[0].retry.multiplier == 3.0);
  REQUIRE(handlers[0].retry.jitter == 0.1);
  REQUIRE(handlers[1].retry.max_attempts == 10);
  REQUIRE(handlers[1].retry.multiplier == 3.0);
}

TEST_CASE("the built-in handler follows the common retry too") {
  auto result = load_flags({set_flag("retry.max_attempts=4")});
  REQUIRE(handlers_of(result).at(0).retry.max_attempts == 4);
}

TEST_CASE("retry_on and reject_on are found under [handlers.retry] as well") {
  auto handlers = handlers_of(
      load_text("[[handlers]]\nkind = \"discard\"\n[handlers.retry]\nretry_on = [\"a*\"]\n"));
  REQUIRE(handlers[0].retry_on == std::vector<std::string>{"a*"});
}

TEST_CASE("the handlers of a file replace those before it, also by none") {
  scratch_folder folder;
  sources from;
  from.default_file = folder.write("default.toml", "[[handlers]]\nkind = \"log\"\n");
  auto handlers = handlers_of(load_text("[[handlers]]\nkind = \"discard\"\n", from));
  REQUIRE(handlers.size() == 1);
  REQUIRE(handlers[0].kind == "discard");
  REQUIRE(handlers_of(load_text("handlers = []\n", from)).empty());
}

TEST_CASE("the defaults of a built-in kind's keys are filled in") {
  auto handlers = handlers_of(load_text("[[handlers]]\nkind = \"log\"\n"));
  REQUIRE(handlers[0].options.at("max_per_second") == "10");
}

TEST_CASE("what a built-in kind needs or does not know is a problem") {
  REQUIRE_THAT(report(load_text("[[handlers]]\nkind = \"forward\"\n")),
               ContainsSubstring("handlers[0].to is missing"));
  REQUIRE_THAT(report(load_text("[[handlers]]\nkind = \"log\"\nmax_per_secnd = 1\n")),
               ContainsSubstring("local.toml:3:1: handlers[0].max_per_secnd is not a key of kind "
                                 "log; did you mean max_per_second?"));
  REQUIRE_THAT(report(load_text("[[handlers]]\nkind = \"log\"\nmax_per_second = -1\n")),
               ContainsSubstring("is not a whole number"));
  REQUIRE_THAT(report(load_text("[[handlers]]\nkind = \"forward\"\nto = \"a b\"\n")),
               ContainsSubstring("handlers[0].to \"a b\" is not"));
}

TEST_CASE("a handler without a kind is a problem at its position") {
  REQUIRE_THAT(
      report(load_text("[[handlers]]\ntopic = \"a\"\n")),
      ContainsSubstring("local.toml:1:") && ContainsSubstring("handlers[0].kind is missing"));
}

TEST_CASE("a kind that is neither built in nor registered names the nearest") {
  sources from;
  from.handler_kinds = {"checksum"};
  auto text = report(load_text("[[handlers]]\nkind = \"checksun\"\n", from));
  REQUIRE_THAT(text, ContainsSubstring("did you mean checksum?"));
  REQUIRE(load_text("[[handlers]]\nkind = \"checksum\"\n", from));
}

TEST_CASE("an own key of a registered kind that looks like a common key is warned about") {
  auto result = load_text("[[handlers]]\nkind = \"mine\"\ntimout_ms = 5\n");
  REQUIRE(result);
  REQUIRE_THAT(warned(result), ContainsSubstring("handlers[0].timout_ms is taken as an own key") &&
                                   ContainsSubstring("did you mean timeout_ms?"));
}

TEST_CASE("a [handlers] table is refused, save for unmatched") {
  REQUIRE_THAT(report(load_text("[handlers]\nkind = \"log\"\n")),
               ContainsSubstring("[[handlers]]"));
  REQUIRE(load_text("[handlers]\nunmatched = \"discard\"\n").loaded->values.unmatched ==
          unmatched_policy::discard);
  REQUIRE_FALSE(load_text("handlers = [1]\n"));
  REQUIRE_FALSE(load_text("handlers = \"log\"\n"));
}

TEST_CASE("a handler that is never reached names the one that hides it") {
  auto text = report(load_text(R"([[handlers]]
kind = "log"
[[handlers]]
topic = "a"
kind = "discard"
)"));
  REQUIRE_THAT(text, ContainsSubstring("handlers[1] is never reached: handlers[0]"));
  text = report(load_text(R"([[handlers]]
topic = "a"
kind = "log"
[[handlers]]
topic = "a"
kind = "discard"
)"));
  REQUIRE_THAT(text, ContainsSubstring("handlers[1] is never reached"));
}

TEST_CASE("a handler's topic must be a name or a regular expression") {
  REQUIRE_FALSE(load_text("[[handlers]]\nkind = \"log\"\ntopic = \"^(\"\n"));
  REQUIRE_FALSE(load_text("[[handlers]]\nkind = \"log\"\ntopic = \"a b\"\n"));
}

TEST_CASE("a handler that forwards into a topic that it reads is refused") {
  REQUIRE_THAT(report(load_text("[[handlers]]\nkind = \"forward\"\nto = \"events\"\n")),
               ContainsSubstring("for ever"));
  REQUIRE(load_text("[[handlers]]\nkind = \"forward\"\nto = \"other\"\n"));
}

TEST_CASE("an unknown key under [handlers.retry] names the nearest") {
  REQUIRE_THAT(
      report(load_text("[[handlers]]\nkind = \"log\"\n[handlers.retry]\nmax_atempts = 2\n")),
      ContainsSubstring("handlers[0].retry.max_atempts is not a key; did you mean max_attempts?"));
}

} // namespace
} // namespace streamer::test
