#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "config/unsupported.hpp"
#include "tests/unit/config/config_fixture.hpp"

namespace streamer::test {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("what is not in this version says so, where it is set") {
  auto [text, key] = GENERATE(table<std::string, std::string>({
      {"[[handlers]]\nkind = \"http\"\nurl = \"http://x\"", "handlers[0].kind"},
      {"[[handlers]]\nkind = \"subprocess\"", "handlers[0].kind"},
      {"[[handlers]]\nkind = \"log\"\nconflate = true", "handlers[0].conflate"},
  }));
  auto result = load_text(text);
  INFO(report(result));
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].key == key);
  REQUIRE(result.problems[0].where.line > 0);
  REQUIRE_THAT(report(result), ContainsSubstring("is not in this version"));
}

TEST_CASE("the defaults of what is not in this version may be written down") {
  REQUIRE(
      load_text("[dlq]\n"
                "header_dialects = [\"dlq\"]\n[[handlers]]\nkind = \"log\"\n"
                "conflate = false\n"));
}

TEST_CASE("limits are still checked against their keys") {
  auto text = report(load_text("[tenants.limits.a]\nwait = 1\n"));
  REQUIRE_THAT(text, ContainsSubstring("tenants.limits.a.wait is not a key"));
  REQUIRE_FALSE(load_text("[tenants.limits]\na = 1\n"));
}

} // namespace
} // namespace streamer::test
