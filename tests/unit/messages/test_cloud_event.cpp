#include "messages/cloud_event.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <vector>

namespace streamer {
namespace {

using fixture::header;
using fixture::make_record;
using fixture::null_header;

TEST_CASE("The content type, then ce_specversion, tells how a record carries its event") {
  struct row {
    std::vector<owned_header> headers;
    event_encoding encoding;
  };
  const std::vector<row> rows{
      {{}, event_encoding::none},
      {{header("content-type", "application/json")}, event_encoding::none},
      {{header("ce_type", "a")}, event_encoding::none},
      {{header("ce_specversion", "1.0")}, event_encoding::binary},
      {{header("content-type", "application/json"), header("ce_specversion", "1.0")},
       event_encoding::binary},
      {{null_header("content-type"), header("ce_specversion", "1.0")}, event_encoding::binary},
      {{null_header("ce_specversion")}, event_encoding::none},
      {{header("content-type", "application/cloudevents+json")}, event_encoding::structured},
      {{header("content-type", "application/cloudevents+json; charset=UTF-8")},
       event_encoding::structured},
      {{header("content-type", "Application/CloudEvents+JSON")}, event_encoding::structured},
      {{header("content-type", "application/cloudevents+json"), header("ce_specversion", "1.0")},
       event_encoding::structured},
      {{header("content-type", "application/cloudevents-batch+json")}, event_encoding::undecodable},
      {{header("content-type", "application/cloudevents+avro")}, event_encoding::undecodable},
      {{header("content-type", "application/cloudevents-batch+json"),
        header("ce_specversion", "1.0")},
       event_encoding::undecodable},
      {{header("content-type", "application/cloudevent")}, event_encoding::none},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CHECK(detect_encoding(make_record({.headers = rows[i].headers})) == rows[i].encoding);
  }
}

TEST_CASE("A record that is not a CloudEvent has type unknown and no tenant") {
  const auto facts = read_facts(
      make_record({.value = R"({"type":"order","tenantid":"acme"})",
                   .headers = {header("ce_type", "order"), header("ce_tenantid", "acme")}}));
  CHECK(facts.encoding == event_encoding::none);
  CHECK(facts.type == "unknown");
  CHECK(facts.tenant.empty());
}

TEST_CASE("A binary event has its type and tenant from headers, whatever its value is") {
  const auto facts = read_facts(
      make_record({.value = R"({"type":"lie","tenantid":"lie"})",
                   .headers = {header("ce_specversion", "1.0"), header("ce_type", "order.created"),
                               header("ce_tenantid", "acme")}}));
  CHECK(facts.encoding == event_encoding::binary);
  CHECK(facts.type == "order.created");
  CHECK(facts.tenant == "acme");
  CHECK(facts.problem.empty());
}

TEST_CASE("A binary event without a type is of type unknown") {
  const auto facts = read_facts(make_record({.headers = {header("ce_specversion", "1.0")}}));
  CHECK(facts.encoding == event_encoding::binary);
  CHECK(facts.type == "unknown");
}

TEST_CASE("A structured event has its type and tenant from the envelope, not from headers") {
  const auto facts = read_facts(
      make_record({.value = R"({"type":"order","tenantid":"acme","data":{"type":1}})",
                   .headers = {header("content-type", "application/cloudevents+json"),
                               header("ce_type", "lie"), header("ce_tenantid", "lie")}}));
  CHECK(facts.encoding == event_encoding::structured);
  CHECK(facts.type == "order");
  CHECK(facts.tenant == "acme");
}

TEST_CASE("The batch format is undecodable even where its value would be readable") {
  const auto facts = read_facts(
      make_record({.value = R"({"type":"order"})",
                   .headers = {header("content-type", "application/cloudevents-batch+json")}}));
  CHECK(facts.encoding == event_encoding::undecodable);
  CHECK_FALSE(facts.problem.empty());
}

TEST_CASE("The limits of an envelope hold for a record too") {
  const auto record =
      make_record({.value = R"({"type":"order"})",
                   .headers = {header("content-type", "application/cloudevents+json")}});
  CHECK(read_facts(record, {.max_bytes = 16, .max_depth = 1}).encoding ==
        event_encoding::structured);
  CHECK(read_facts(record, {.max_bytes = 15, .max_depth = 1}).encoding ==
        event_encoding::undecodable);
}

} // namespace
} // namespace streamer
