#include "messages/cloud_event.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {
namespace {

event_facts read_text(std::string_view text, const envelope_limits& limits = {}) {
  return read_envelope(bytes_ref{text.data(), text.size()}, limits);
}

std::string nested(std::size_t depth) {
  return R"({"type":"order","data":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
         "}";
}

TEST_CASE("Only the outermost object's type and tenantid count") {
  struct row {
    std::string_view text;
    std::string_view type;
    std::string_view tenant;
  };
  const std::vector<row> rows{
      {R"({"type":"a"})", "a", ""},
      {R"({"tenantid":"t","type":"a"})", "a", "t"},
      {R"({"data":{"type":"inner","tenantid":"inner"},"type":"a"})", "a", ""},
      {R"({"type":"a","data":{"type":"inner","tenantid":"inner"}})", "a", ""},
      {R"({"data":[{"type":"inner"}],"type":"a","tenantid":"t"})", "a", "t"},
      {R"({"tenantid":{"x":"y"},"type":"a"})", "a", ""},
      {R"({"tenantid":["y"],"type":"a"})", "a", ""},
      {R"({"tenantid":7,"type":"a"})", "a", ""},
      {R"({"tenantid":null,"type":"a"})", "a", ""},
      {R"(  {"type" : "gr\u00fcn\n" }  )", "gr\xc3\xbcn\n", ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.text);
    const auto facts = read_text(r.text);
    CHECK(facts.encoding == event_encoding::structured);
    CHECK(facts.type == r.type);
    CHECK(facts.tenant == r.tenant);
    CHECK(facts.problem.empty());
  }
}

TEST_CASE("An envelope that is no JSON object with a type is undecodable, and says why") {
  using namespace std::string_view_literals;
  for (const auto text : {""sv,
                          " "sv,
                          "{"sv,
                          "null"sv,
                          "true"sv,
                          "17"sv,
                          "\"type\""sv,
                          "[]"sv,
                          R"([{"type":"a"}])"sv,
                          "{}"sv,
                          R"({"type":""})"sv,
                          R"({"type":5})"sv,
                          R"({"type":{"type":"a"}})"sv,
                          R"({"data":{"type":"a"}})"sv,
                          R"({"type":"a"} x)"sv,
                          R"({"type":"a"}{"type":"a"})"sv,
                          R"({"type":"a",})"sv,
                          R"({'type':'a'})"sv,
                          R"({"type":"a","n":1e999})"sv,
                          "{\"type\":\"\xff\xfe\"}"sv,
                          "{\"type\":\"a\0b\"}"sv,
                          "\0"sv}) {
    CAPTURE(text);
    const auto facts = read_text(text);
    CHECK(facts.encoding == event_encoding::undecodable);
    CHECK_FALSE(facts.problem.empty());
    CHECK(facts.problem.find('\n') == std::string::npos);
  }
}

TEST_CASE("A null value is no envelope") {
  CHECK(read_envelope({}).encoding == event_encoding::undecodable);
}

TEST_CASE("An envelope is read up to its size limit and refused beyond") {
  const std::string text = R"({"type":"a"})";
  CHECK(read_text(text, {.max_bytes = text.size()}).encoding == event_encoding::structured);
  CHECK(read_text(text, {.max_bytes = text.size() - 1}).encoding == event_encoding::undecodable);
}

TEST_CASE("An envelope is read up to its depth limit and refused beyond") {
  CHECK(read_text(nested(8), {.max_depth = 8}).encoding == event_encoding::structured);
  CHECK(read_text(nested(9), {.max_depth = 8}).encoding == event_encoding::undecodable);
  CHECK(read_text(nested(64)).encoding == event_encoding::structured);
  CHECK(read_text(nested(65)).encoding == event_encoding::undecodable);
}

TEST_CASE("Nesting of a million levels does not exhaust the stack") {
  const auto text = nested(1'000'000);
  CHECK(read_text(text).encoding == event_encoding::undecodable);
  CHECK(read_text(text, {.max_bytes = text.size(), .max_depth = text.size()}).encoding ==
        event_encoding::structured);
}

TEST_CASE("What is wrong with an envelope is told without its content") {
  for (const std::string text :
       {R"({"type":"a","card":"4111-1111")", R"({"card":4111-1111})", R"(["4111-1111"])",
        R"({"card":"4111-1111","data":{"type":"x"}})", "4111-1111"}) {
    CAPTURE(text);
    const auto facts = read_text(text);
    CHECK(facts.encoding == event_encoding::undecodable);
    CHECK(facts.problem.find("4111") == std::string::npos);
    CHECK(facts.problem.find("card") == std::string::npos);
  }
}

TEST_CASE("A damaged envelope is either read or refused with a problem, never half read") {
  const std::uint64_t seed = GENERATE(11U, 12U, 13U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  const std::string whole =
      R"({"specversion":"1.0","type":"order.created","tenantid":"acme","data":{"a":[1,{"b":"c"}]}})";
  const std::string_view spice = "{}[]\",:\\0\xff n";
  for (int round = 0; round < 4000; ++round) {
    auto text = whole;
    for (auto n = random() % 4 + 1; n > 0; --n) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0: text[at] = spice[random() % spice.size()]; break;
        case 1: text.erase(at, random() % 5); break;
        default: text.insert(at, 1, spice[random() % spice.size()]); break;
      }
      if (text.empty()) {
        text = "{";
      }
    }
    CAPTURE(round, text);
    const auto facts = read_text(text);
    if (facts.encoding == event_encoding::structured) {
      REQUIRE_FALSE(facts.type.empty());
      REQUIRE(facts.problem.empty());
    } else {
      REQUIRE(facts.encoding == event_encoding::undecodable);
      REQUIRE_FALSE(facts.problem.empty());
      REQUIRE(facts.type == "unknown");
      REQUIRE(facts.tenant.empty());
    }
  }
}

} // namespace
} // namespace streamer
