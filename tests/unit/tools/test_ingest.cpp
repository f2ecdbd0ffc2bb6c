#include <catch2/catch_test_macros.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>

#include "actors/producer/partition_rule.hpp"
#include "tools/ingest/cloud_event.hpp"
#include "tools/ingest/domain_events.hpp"
#include "tools/ingest/json_text.hpp"
#include "tools/ingest/line_event.hpp"

namespace streamer::tools {
namespace {

std::string problem_of(std::string_view line) {
  const auto read = read_line_event(line);
  return std::holds_alternative<std::string>(read) ? std::get<std::string>(read) : std::string{};
}

line_event event_of(std::string_view line) {
  auto read = read_line_event(line);
  REQUIRE(std::holds_alternative<line_event>(read));
  return std::get<line_event>(std::move(read));
}

TEST_CASE("an event in binary mode has the seven headers of the contract") {
  const auto headers = cloud_event_headers({"id-1", "order.placed", "acme", 1795425185007, true});
  const std::vector<owned_header> expected{{"ce_specversion", "1.0"},
                                           {"ce_id", "id-1"},
                                           {"ce_source", "/streamer/ingest"},
                                           {"ce_type", "order.placed"},
                                           {"ce_time", "2026-11-23T09:13:05.007Z"},
                                           {"ce_tenantid", "acme"},
                                           {"content-type", "application/json"}};
  CHECK(headers == expected);
}

TEST_CASE("ids of one run differ from each other and from another run's") {
  event_ids ids{1};
  event_ids others{2};
  const std::set<std::string> seen{ids.next(), ids.next(), others.next()};
  CHECK(seen.size() == 3);
}

TEST_CASE("by tenant an event gets the tenant's seed, by key none") {
  producer_settings config;
  outbound_event event;
  event.key = "order-1";
  event_placer{config}.place(event, "acme");
  CHECK(event.partition_seed == tenant_partition_seed("acme", "order-1", config.tenant_spread));
  config.partition_by = partition_by_kind::key;
  event.partition_seed.reset();
  event_placer{config}.place(event, "acme");
  CHECK_FALSE(event.partition_seed);
}

TEST_CASE("keyless events of a tenant go round its partitions") {
  event_placer placer{producer_settings{}};
  std::set<std::uint32_t> seeds;
  for (int i = 0; i < 8; ++i) {
    outbound_event event;
    placer.place(event, "acme");
    seeds.insert(*event.partition_seed);
  }
  CHECK(seeds.size() == 4);
}

TEST_CASE("domain events tell each entity's story in order") {
  domain_story story{domain::orders, 1};
  std::map<std::string, std::vector<std::string>> types;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto event = story.next(i);
    REQUIRE(nlohmann::json::parse(event.value)["order_id"] == event.key);
    types[event.key].push_back(event.type);
  }
  CHECK(types.size() == 20);
  for (const auto& [key, seen] : types) {
    CHECK(seen == std::vector<std::string>{"order.placed", "order.paid", "order.shipped"});
  }
}

TEST_CASE("users have neither a name nor an address, and the same seed makes the same events") {
  domain_story story{domain::users, 9};
  domain_story again{domain::users, 9};
  for (std::uint64_t i = 0; i < 30; ++i) {
    const auto event = story.next(i);
    CHECK(event.value == again.next(i).value);
    std::set<std::string> members;
    const auto parsed = nlohmann::json::parse(event.value);
    for (const auto& [name, value] : parsed.items())
      members.insert(name);
    CHECK(members == std::set<std::string>{"user_id", "locale", "plan"});
  }
}

TEST_CASE("a payload that is not JSON is refused with its position") {
  CHECK_FALSE(json_problem(R"({"a":[1,2.5e3,"x",null,true]})"));
  CHECK_FALSE(json_problem("1"));
  CHECK(json_problem("{\"a\":}")->starts_with("at byte 6: "));
  CHECK(json_problem("{\"a\":1,\n \"b\" 2}")->starts_with("at byte 14 (line 2, column 6)"));
  CHECK(json_problem("{\"a\":1")->ends_with("the text ends too early"));
  CHECK(json_problem("")->ends_with("the text ends too early"));
  CHECK(json_problem("{} {}"));
  CHECK(json_problem("\"\xff\""));
}

TEST_CASE("a payload nested without end is refused instead of exhausting the stack") {
  CHECK(json_problem(std::string(100'000, '[')) == "nested deeper than 512");
  CHECK_FALSE(json_problem(std::string(512, '[') + std::string(512, ']')));
}

TEST_CASE("a refusal does not repeat the payload") {
  CHECK(json_problem("{\"password\":hunter2}")->find("hunter2") == std::string::npos);
}

TEST_CASE("a line's string value is written as it is, other JSON as compact JSON") {
  CHECK(event_of(R"({"value":"plain text"})").value == "plain text");
  CHECK_FALSE(event_of(R"({"value":"plain text"})").value_is_json);
  const auto structured = event_of(R"({"value": {"b": 1, "a": [1, 2]}})");
  CHECK(structured.value == R"({"a":[1,2],"b":1})");
  CHECK(structured.value_is_json);
}

TEST_CASE("a line's null value is a tombstone, and a key that is null or missing is no key") {
  CHECK_FALSE(event_of(R"({"key":"k","value":null})").value);
  CHECK_FALSE(event_of(R"({"key":null,"value":""})").key);
  CHECK_FALSE(event_of(R"({"value":""})").key);
  CHECK(event_of(R"({"value":""})").value == "");
  CHECK(event_of(R"({"key":"","value":""})").key == "");
}

TEST_CASE("a line may have headers, null ones too, a tenant and a type") {
  const auto event = event_of(
      R"({"value":1,"headers":{"a":"1","b":null},"tenant":"acme","event_type":"user.registered"})");
  CHECK(event.headers == std::vector<owned_header>{{"a", "1"}, {"b", "", true}});
  CHECK(event.tenant == "acme");
  CHECK(event.event_type == "user.registered");
}

TEST_CASE("a bad line says what is wrong") {
  CHECK(problem_of("{").starts_with("not JSON at byte 2"));
  CHECK(problem_of("[1]") == "not a JSON object");
  CHECK(problem_of("{}") == "the member \"value\" is missing");
  CHECK(problem_of(R"({"value":1,"key":7})") == "\"key\" must be a string or null");
  CHECK(problem_of(R"({"value":1,"tenant":null})") == "\"tenant\" must be a string");
  CHECK(problem_of(R"({"value":1,"headers":[]})") == "\"headers\" must be an object of strings");
  CHECK(problem_of(R"({"value":1,"headers":{"h":1}})") == "header \"h\" must be a string or null");
  CHECK(problem_of(R"({"value":1,"kee":"k"})").starts_with("unknown member \"kee\""));
  // Names come from whoever wrote the line: they neither break the message's line nor fill a
  // screen.
  CHECK(problem_of(R"({"value":1,"headers":{"a\nb":1}})") ==
        "header \"a\\nb\" must be a string or null");
  CHECK(problem_of(R"({"value":1,")" + std::string(500, 'm') + R"(":2})").size() < 250);
}

} // namespace
} // namespace streamer::tools
