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

TEST_CASE("a subprocess handler has its command as a list, and defaults for the rest") {
  auto handlers = handlers_of(load_text(R"(
[[handlers]]
kind = "subprocess"
command = ["python3", "-c", "a,b", ""]
in_flight = 7
)"));
  REQUIRE(handlers[0].lists == std::map<std::string, std::vector<std::string>>{
                                   {"command", {"python3", "-c", "a,b", ""}}});
  REQUIRE(handlers[0].options ==
          std::map<std::string, std::string>{{"directory", ""},
                                             {"in_flight", "7"},
                                             {"max_line_bytes", "4194304"},
                                             {"restart_backoff_ms", "100"},
                                             {"restart_max_backoff_ms", "30000"},
                                             {"stop_grace_ms", "2000"}});
}

TEST_CASE("an http handler has its url, headers and statuses") {
  auto handlers = handlers_of(load_text(R"(
[[handlers]]
kind = "http"
url = "https://example.org/x?y=1"
request_headers.X-Team = "orders"
skip_status = "404, 410"
)"));
  REQUIRE(handlers[0].options.at("url") == "https://example.org/x?y=1");
  REQUIRE(handlers[0].options.at("request_headers.X-Team") == "orders");
  REQUIRE(handlers[0].options.at("skip_status") == "404, 410");
  REQUIRE(handlers[0].options.at("retry_status") == "408,425,429,500-599");
  REQUIRE(handlers[0].lists.empty());
}

TEST_CASE("what handlers outside of the process cannot be is refused, naming key and remedy") {
  struct row {
    std::string text;
    std::string key;
    std::string message;
  };
  const std::string http = "kind = \"http\"\nurl = \"https://h/\"\n";
  const std::string child = "kind = \"subprocess\"\ncommand = [\"x\"]\n";
  const std::vector<row> rows{
      {"kind = \"subprocess\"", "command", "is missing"},
      {"kind = \"subprocess\"\ncommand = \"python3 x.py\"", "command", "is not a list of texts"},
      {"kind = \"subprocess\"\ncommand = []", "command", "is not a list of texts"},
      {"kind = \"subprocess\"\ncommand = [\"\"]", "command", "is not a list of texts"},
      {"kind = \"subprocess\"\ncommand = [1]", "command", "is not a list of texts"},
      {child + "in_flight = 0", "in_flight", "is not 1 to 10000"},
      {child + "max_line_bytes = 100", "max_line_bytes", "1024"},
      {child + "comand = 1", "comand", "is not a key of kind subprocess"},
      {child + "concurrency = 257", "concurrency", "more child processes"},
      {"kind = \"http\"", "url", "is missing"},
      {"kind = \"http\"\nurl = \"ftp://h/\"", "url", "is not an http or https URL"},
      {"kind = \"http\"\nurl = \"example.org\"", "url", "is not an http or https URL"},
      {"kind = \"http\"\nurl = \"https://h/a b\"", "url", "is not an http or https URL"},
      {"kind = \"http\"\nurl = \"http:///x\"", "url", "names no host"},
      {http + "method = \"GET\"", "method", "is not POST or PUT"},
      {http + "success_status = \"2xx\"", "success_status", "statuses"},
      {http + "reply_to = \"events\"", "reply_to", "for ever"},
      {http + "request_headers.Host = \"x\"", "request_headers.Host", "sets itself"},
      {http + "request_headers.\"a b\" = \"x\"", "request_headers.a b", "name of a header"},
      {http + "request_headers.X = [\"x\"]", "request_headers.X", "is not text"},
      {"kind = \"http\"\nurl = \"http://example.org/\"\nauthorization_file = \"/f\"", "url",
       "readable over the network"},
      {"kind = \"discard\"\nconflate = true\n[consumer]\nordering = \"partition\"", "conflate",
       "needs an order by key"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    auto result = load_text("[[handlers]]\n" + row.text + "\n");
    INFO(report(result));
    REQUIRE(result.problems.size() == 1);
    CHECK(result.problems[0].key == "handlers[0]." + row.key);
    CHECK_THAT(report(result), ContainsSubstring(row.message));
  }
}

TEST_CASE("an authorization over plain http is for this machine, or for who asks for it") {
  const std::string file = "\nauthorization_file = \"/f\"\n";
  CHECK(load_text("[[handlers]]\nkind = \"http\"\nurl = \"http://127.0.0.1:80/x\"" + file));
  CHECK(load_text("[[handlers]]\nkind = \"http\"\nurl = \"http://localhost/x\"" + file));
  CHECK(load_text("[[handlers]]\nkind = \"http\"\nurl = \"https://example.org/x\"" + file));
  CHECK(load_text("[[handlers]]\nkind = \"http\"\nurl = \"http://example.org/x\"" + file +
                  "allow_insecure = true\n"));
}

TEST_CASE("a secret in a URL or a request's header is refused and not shown") {
  for (const std::string text :
       {"url = \"https://user:planted@h/\"",
        "url = \"https://h/\"\nrequest_headers.Authorization = \"planted\"",
        "url = \"https://h/\"\nrequest_headers.X-Api-Key = \"planted\"",
        "url = \"https://h/\"\nrequest_headers.Cookie = \"planted\""}) {
    CAPTURE(text);
    auto result = load_text("[[handlers]]\nkind = \"http\"\n" + text + "\n");
    REQUIRE(result.problems.size() == 1);
    CHECK(report(result).find("planted") == std::string::npos);
  }
}

} // namespace
} // namespace streamer::test
