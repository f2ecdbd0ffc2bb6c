#include "order_processor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <streamer/testing.hpp>

#include <stdexcept>
#include <string>

namespace {

using streamer::outcome_kind;
using streamer::testing::call;
using streamer::testing::sample;

sample event(std::string type, std::string value) {
  sample made{.key = "order-000042", .value = std::move(value)};
  made.headers = {{"ce_type", std::move(type)}};
  made.topic = "orders";
  made.partition = 3;
  made.offset = 17;
  return made;
}

} // namespace

TEST_CASE("a placed order is accepted, with its number as key and an id that does not change") {
  const auto made = call(orders::process, event("order.placed", R"({"amount_cents":1999})"));
  REQUIRE(made.given.kind == outcome_kind::success);
  REQUIRE(made.sent.size() == 1);
  CHECK(made.sent[0].topic == "orders.accepted");
  CHECK(made.sent[0].key == "order-000042");
  CHECK(made.sent[0].headers[1].name == "ce_id");
  CHECK(made.sent[0].headers[1].value == "orders-3-17");
}

TEST_CASE("a large order goes to review, from exactly the limit on") {
  const auto limit = std::to_string(orders::review_from_cents);
  const auto below = std::to_string(orders::review_from_cents - 1);
  const auto at = [](const std::string& amount) {
    return call(orders::process, event("order.placed", R"({"amount_cents":)" + amount + "}"));
  };
  CHECK(at(limit).sent.at(0).topic == "orders.review");
  CHECK(at(below).sent.at(0).topic == "orders.accepted");
}

TEST_CASE("what is no order is rejected and emits nothing") {
  for (const auto* value : {"", "[]", "not json", R"({"amount_cents":-1})", R"({})"}) {
    INFO(value);
    const auto made = call(orders::process, event("order.placed", value));
    CHECK(made.given.kind == outcome_kind::reject);
    CHECK(made.sent.empty());
  }
  auto keyless = event("order.placed", R"({"amount_cents":1})");
  keyless.key.reset();
  CHECK(call(orders::process, keyless).given.kind == outcome_kind::reject);
}

TEST_CASE("later events of an order are skipped") {
  CHECK(call(orders::process, event("order.paid", "{}")).given.kind == outcome_kind::skip);
}

TEST_CASE("what a handler throws is told as a worker would take it") {
  const auto thrown = [](auto error) {
    return call(
        [error](const streamer::record_view&, streamer::emitter& out) -> streamer::outcome {
          out.emit({});
          throw error;
        },
        sample{});
  };
  CHECK(thrown(std::runtime_error{"busy"}).given.kind == outcome_kind::retry);
  CHECK(thrown(streamer::permanent_error{"no"}).given.kind == outcome_kind::reject);
  CHECK(thrown(std::runtime_error{"busy"}).sent.empty());
}
