#include "runtime/handlers/subprocess/line_protocol.hpp"
#include "tests/unit/handlers/record_view_fixture.hpp"

#include <nlohmann/json.hpp>

#include <catch2/catch_test_macros.hpp>

namespace streamer {
namespace {

using fixture::viewed_record;
using nlohmann::json;
using namespace std::string_literals;

json request_for(const viewed_record& record) {
  std::string line;
  append_request(line, 5, record.view());
  REQUIRE(line.find('\n') == line.size() - 1);
  return json::parse(line);
}

child_answer answer_of(const std::string& line) {
  auto read = read_answer(line);
  INFO(line);
  REQUIRE(std::holds_alternative<child_answer>(read));
  return std::get<child_answer>(std::move(read));
}

bad_answer problem_of(const std::string& line) {
  auto read = read_answer(line);
  INFO(line);
  REQUIRE(std::holds_alternative<bad_answer>(read));
  return std::get<bad_answer>(std::move(read));
}

TEST_CASE("A request is one line with everything of the record") {
  const viewed_record record{"k\n1", "{\"a\":\"\u00e9\"}", {{"h", "v", false}, {"h", "", true}}};
  CHECK(request_for(record) == json::parse(R"({
    "id": 5, "topic": "orders", "partition": 3, "offset": 17, "timestamp": 1700000000000,
    "attempt": 2, "tenant": "acme", "key": "k\n1",
    "headers": [{"name": "h", "value": "v"}, {"name": "h", "value": null}],
    "value": "{\"a\":\"é\"}"})"));
}

TEST_CASE("Bytes that are no text are sent as base64 under another name; null is null") {
  const auto request = request_for({"\xff\x00\x01"s, std::nullopt, {{"b", "\xc3", false}}});
  CHECK_FALSE(request.contains("key"));
  CHECK(request.at("key_base64") == "/wAB");
  CHECK(request.at("value").is_null());
  CHECK(request.at("headers") == json::parse(R"([{"name": "b", "value_base64": "ww=="}])"));
  CHECK(request_for({std::nullopt, ""}).at("key").is_null());
  CHECK(request_for({std::nullopt, ""}).at("value") == "");
}

TEST_CASE("An event's attributes are there in either encoding") {
  const auto binary = request_for({"k",
                                   "{}",
                                   {{"ce_specversion", "1.0", false},
                                    {"ce_type", "order.placed", false},
                                    {"content-type", "application/json", false}}});
  CHECK(binary.at("event") == json::parse(R"({"specversion": "1.0", "type": "order.placed",
                                              "datacontenttype": "application/json"})"));
  const auto structured =
      request_for({"k",
                   R"({"type":"a","id":"7","seq":3,"data":{"type":"b"},"data_base64":"eA=="})",
                   {{"content-type", "application/cloudevents+json", false}}});
  CHECK(structured.at("event") == json::parse(R"({"type": "a", "id": "7", "seq": "3"})"));
  CHECK_FALSE(request_for({"k", "{}"}).contains("event"));
}

TEST_CASE("A record of a redrive lane says where its offset is") {
  CHECK_FALSE(request_for({"k", "v"}).contains("lane"));
  const auto request = request_for({"k", "v", {}, "orders.redrive.g"});
  CHECK(request.at("topic") == "orders");
  CHECK(request.at("lane") == "orders.redrive.g");
}

TEST_CASE("An answer has an outcome, and says why") {
  CHECK(answer_of(R"({"id":7,"outcome":"success"})").result.kind == outcome_kind::success);
  CHECK(answer_of(R"({"outcome":"skip","id":7,"reason":"old"})").result.reason == "old");
  const auto retry = answer_of(R"({"id":7,"outcome":"retry","reason":"r","error":"Timeout"})");
  CHECK(retry.id == 7);
  CHECK(retry.result.kind == outcome_kind::retry);
  CHECK(retry.result.cause == failure_class::handler);
  CHECK(retry.result.exception == "Timeout");
  CHECK(answer_of(R"({"id":7,"outcome":"reject","reason":null})").result.cause ==
        failure_class::handler);
}

TEST_CASE("A long reason is cut between characters") {
  std::string reason;
  for (int i = 0; i < 400; ++i) {
    reason += "\u20ac";
  }
  const auto cut = answer_of(R"({"id":1,"outcome":"retry","reason":")" + reason + "\"}");
  CHECK(cut.result.reason.size() <= 1'003);
  CHECK_NOTHROW(json(cut.result.reason).dump()); // throws for what is not UTF-8
}

TEST_CASE("Emitted events: a string as it is, other JSON as text, null as a tombstone") {
  const auto answer = answer_of(R"({"id":1,"outcome":"success","emit":[
    {"topic":"a","key":"k","value":"text","headers":[{"name":"h","value":"v"},
     {"name":"n","value":null},{"name":"b","value_base64":"/wA="}]},
    {"topic":"b","key":null,"value":{"x":[1,2]}},
    {"topic":"c","key_base64":"/w==","value_base64":"AAE="},
    {"topic":"d","value":null},
    {"topic":"e"}]})");
  REQUIRE(answer.events.size() == 5);
  const auto& a = answer.events[0];
  CHECK(a.event.topic == "a");
  CHECK_FALSE(a.key_of_record);
  CHECK(a.event.key == "k");
  CHECK(a.event.value == "text");
  CHECK(a.event.headers ==
        std::vector<owned_header>{{"h", "v", false}, {"n", "", true}, {"b", "\xff\0"s, false}});
  CHECK_FALSE(answer.events[1].key_of_record);
  CHECK_FALSE(answer.events[1].event.key);
  CHECK(answer.events[1].event.value == R"({"x":[1,2]})");
  CHECK(answer.events[2].event.key == "\xff");
  CHECK(answer.events[2].event.value == "\0\1"s);
  CHECK(answer.events[3].key_of_record);
  CHECK_FALSE(answer.events[3].event.value);
  CHECK_FALSE(answer.events[4].event.value);
}

TEST_CASE("A line that is no answer says why, and whose it was if it says so") {
  struct row {
    std::string line;
    std::optional<std::uint64_t> id;
    std::string problem;
  };
  const std::vector<row> rows{
      {"", {}, "not JSON at byte"},
      {"Traceback: secret", {}, "not JSON at byte"},
      {R"({"id":1,"outcome":"success"} x)", {}, "not JSON at byte"},
      {"\"\xff\"", {}, "not JSON at byte"},
      {"[]", {}, "not a JSON object"},
      {"3", {}, "not a JSON object"},
      {"{}", {}, "\"id\""},
      {R"({"id":"1","outcome":"success"})", {}, "\"id\""},
      {R"({"id":-1,"outcome":"success"})", {}, "\"id\""},
      {R"({"id":1.0,"outcome":"success"})", {}, "\"id\""},
      {R"({"id":1})", 1, "\"outcome\" is missing"},
      {R"({"id":1,"outcome":"ok"})", 1, "\"outcome\" is none of"},
      {R"({"id":1,"outcome":7})", 1, "\"outcome\" is none of"},
      {R"({"id":1,"outcome":"success","emitt":[]})", 1, "unknown member \"emitt\""},
      {R"({"id":1,"outcome":"retry","reason":5})", 1, "\"reason\" is not a string"},
      {R"({"id":1,"outcome":"success","emit":{}})", 1, "\"emit\" is not a list"},
      {R"({"id":1,"outcome":"success","emit":[1]})", 1, "an entry of \"emit\""},
      {R"({"id":1,"outcome":"success","emit":[{"value":"x"}]})", 1, "no \"topic\""},
      {R"({"id":1,"outcome":"success","emit":[{"topic":1}]})", 1, "\"topic\" is not a string"},
      {R"({"id":1,"outcome":"success","emit":[{"topic":"t","key":1}]})", 1, "\"key\""},
      {R"({"id":1,"outcome":"success","emit":[{"topic":"t","key_base64":"!"}]})", 1, "base64"},
      {R"({"id":1,"outcome":"success","emit":[{"topic":"t","partition":1}]})", 1, "unknown member"},
      {R"({"id":1,"outcome":"success","emit":[{"topic":"t","headers":{}}]})", 1, "not a list"},
      {R"({"id":1,"outcome":"success","emit":[{"topic":"t","headers":[{"value":"v"}]}]})", 1,
       "\"name\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto bad = problem_of(row.line);
    CHECK(bad.id == row.id);
    CHECK(bad.problem.find(row.problem) != std::string::npos);
    CHECK(bad.problem.find("secret") == std::string::npos);
  }
}

TEST_CASE("An answer nested without end is refused, not followed") {
  const std::string deep = R"({"id":1,"outcome":"success","emit":[{"topic":"t","value":)" +
                           std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}]}";
  CHECK(problem_of(deep).problem == "nested deeper than 100");
  // Brackets in a string are text.
  CHECK(answer_of(R"({"id":1,"outcome":"retry","reason":"\"[[[)" + std::string(500, '[') + "\"}")
            .result.kind == outcome_kind::retry);
}

TEST_CASE("What a child may be sent it may send back") {
  const viewed_record record{"\xfe", "v\x01", {{"h", "\xff", false}, {"g", "x", false}}};
  auto request = request_for(record);
  json event{{"topic", "t"}, {"headers", request.at("headers")}};
  event["value"] = request.at("value");
  event["key_base64"] = request.at("key_base64");
  const auto answer = answer_of(json{{"id", 1}, {"outcome", "success"}, {"emit", {event}}}.dump());
  REQUIRE(answer.events.size() == 1);
  CHECK(answer.events[0].event.key == "\xfe");
  CHECK(answer.events[0].event.value == "v\x01");
  CHECK(answer.events[0].event.headers ==
        std::vector<owned_header>{{"h", "\xff", false}, {"g", "x", false}});
}

} // namespace
} // namespace streamer
