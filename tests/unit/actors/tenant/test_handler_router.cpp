#include "actors/tenant/handler_router.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer {
namespace {

using fixture::header;
using fixture::make_record;
using fixture::null_header;

handler_settings selecting(std::string event_type, std::string topic = {},
                           std::map<std::string, std::string> headers = {}) {
  handler_settings h;
  h.event_type = std::move(event_type);
  h.topic = std::move(topic);
  h.header = std::move(headers);
  return h;
}

fixture::record_parts binary_event(std::string type) {
  return {.headers = {header("ce_specversion", "1.0"), header("ce_type", std::move(type))}};
}

std::optional<std::size_t> chosen(const std::vector<handler_settings>& entries,
                                  const fixture::record_parts& parts) {
  const auto route = handler_router{entries}.select(make_record(parts));
  CHECK(route.undecodable.empty());
  return route.handler;
}

TEST_CASE("The first entry that matches wins, also before a better one") {
  const std::vector entries{selecting("order.*"), selecting("order.created"), selecting("*")};
  CHECK(chosen(entries, binary_event("order.created")) == 0);
  CHECK(chosen(entries, binary_event("user.created")) == 2);
  CHECK(chosen({selecting("order.created"), selecting("order.*")}, binary_event("order.created")) ==
        0);
}

TEST_CASE("A record that no entry matches has no handler") {
  CHECK(chosen({}, {}) == std::nullopt);
  CHECK(chosen({selecting("order.*"), selecting("", "users")}, binary_event("user.created")) ==
        std::nullopt);
}

TEST_CASE("An entry without selectors takes everything, what is no event too") {
  CHECK(chosen({selecting("")}, {}) == 0);
  CHECK(chosen({selecting("*")}, {}) == 0);
  CHECK(chosen({selecting("?*")}, {}) == 0);
}

TEST_CASE("A record that is no event has type unknown and is selected by topic or header") {
  CHECK(chosen({selecting("order.*"), selecting("unknown")}, {}) == 1);
  CHECK(chosen({selecting("", "users"), selecting("", "orders")}, {.topic = "orders"}) == 1);
  CHECK(chosen({selecting("", "", {{"kind", "order"}})}, {.headers = {header("kind", "order")}}) ==
        0);
}

TEST_CASE("A topic is selected by its name, or by a pattern with a leading ^") {
  struct row {
    std::string selector;
    std::string topic;
    bool matches;
  };
  const std::vector<row> rows{
      {"orders", "orders", true},        {"orders", "orders-eu", false},
      {"orders", "eu-orders", false},    {"orders.*", "orders-eu", false},
      {"^orders", "orders-eu", true},    {"^orders$", "orders-eu", false},
      {"^orders-.*", "orders-eu", true}, {"^orders", "eu-orders", false},
  };
  for (const auto& r : rows) {
    CAPTURE(r.selector, r.topic);
    CHECK(chosen({selecting("", r.selector)}, {.topic = r.topic}).has_value() == r.matches);
  }
}

TEST_CASE("A header is selected by a glob over its last value; a missing or null one never is") {
  const std::vector entries{selecting("", "", {{"region", "eu-*"}})};
  CHECK(chosen(entries, {.headers = {header("region", "eu-west")}}) == 0);
  CHECK(chosen(entries, {.headers = {header("region", "us-east")}}) == std::nullopt);
  CHECK(chosen(entries, {.headers = {header("region", "eu-1"), header("region", "us-1")}}) ==
        std::nullopt);
  const std::vector any{selecting("", "", {{"region", "*"}})};
  CHECK(chosen(any, {.headers = {header("region", "")}}) == 0);
  CHECK(chosen(any, {}) == std::nullopt);
  CHECK(chosen(any, {.headers = {null_header("region")}}) == std::nullopt);
}

TEST_CASE("All selectors of an entry must match") {
  const std::vector entries{selecting("order.*", "orders", {{"region", "eu"}, {"tier", "gold"}})};
  auto parts = binary_event("order.created");
  parts.headers.push_back(header("region", "eu"));
  parts.headers.push_back(header("tier", "gold"));
  CHECK(chosen(entries, parts) == 0);

  auto other_topic = parts;
  other_topic.topic = "orders2";
  CHECK(chosen(entries, other_topic) == std::nullopt);

  auto other_type = parts;
  other_type.headers[1].value = "user.created";
  CHECK(chosen(entries, other_type) == std::nullopt);

  for (const std::size_t at : {2U, 3U}) {
    auto other_header = parts;
    other_header.headers[at].value = "other";
    CHECK(chosen(entries, other_header) == std::nullopt);
  }
}

TEST_CASE("A structured event is selected by the type in its envelope") {
  const fixture::record_parts parts{
      .value = R"({"type":"order.created"})",
      .headers = {header("content-type", "application/cloudevents+json")}};
  CHECK(chosen({selecting("user.*"), selecting("order.*")}, parts) == 1);
}

TEST_CASE("An event that cannot be read reaches no handler, even one that takes everything") {
  const fixture::record_parts broken{
      .value = "{", .headers = {header("content-type", "application/cloudevents+json")}};
  const fixture::record_parts batch{
      .value = "[]", .headers = {header("content-type", "application/cloudevents-batch+json")}};
  for (const auto* type : {"", "*", "order.*", "unknown"}) {
    for (const auto& parts : {broken, batch}) {
      CAPTURE(type);
      const auto route = handler_router{{selecting(type)}}.select(make_record(parts));
      CHECK_FALSE(route.handler.has_value());
      CHECK_FALSE(route.undecodable.empty());
    }
  }
}

TEST_CASE("Without a type selector a binary event's value is not looked at") {
  auto parts = binary_event("order.created");
  parts.value = "{ not JSON";
  CHECK(chosen({selecting("", "orders")}, parts) == 0);
  CHECK(chosen({selecting("order.*")}, parts) == 0);
}

} // namespace
} // namespace streamer
