#include "runtime/handlers/http/request.hpp"
#include "tests/unit/handlers/record_view_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace streamer {
namespace {

using fixture::viewed_record;

std::optional<std::string> value_of(const http_headers& headers, const std::string& name) {
  const auto found = std::ranges::find(headers, name, [](const auto& h) { return h.first; });
  return found == headers.end() ? std::nullopt : std::optional{found->second};
}

const std::vector<owned_header> event_headers{
    {"ce_specversion", "1.0", false}, {"ce_type", "order placed\r\nX: y", false},
    {"ce_Odd-Name", "x", false},      {"content-type", "application/json", false},
    {"traceparent", "00-ab", false},  {"own", "not sent", false}};

TEST_CASE("An event goes by CloudEvents' HTTP binding, with where it came from") {
  const viewed_record record{"k \u00e9", "{}", event_headers};
  const auto headers = request_headers(record.view(), true);
  CHECK(value_of(headers, "Content-Type") == "application/json");
  CHECK(value_of(headers, "ce-specversion") == "1.0");
  CHECK(value_of(headers, "ce-type") == "order%20placed%0D%0AX:%20y");
  CHECK(value_of(headers, "traceparent") == "00-ab");
  CHECK(value_of(headers, "Idempotency-Key") == "orders-3-17");
  CHECK(value_of(headers, "Streamer-Topic") == "orders");
  CHECK(value_of(headers, "Streamer-Partition") == "3");
  CHECK(value_of(headers, "Streamer-Offset") == "17");
  CHECK(value_of(headers, "Streamer-Attempt") == "2");
  CHECK(value_of(headers, "Streamer-Tenant") == "acme");
  CHECK(value_of(headers, "Streamer-Key") == "k%20%C3%A9");
  for (const auto& [name, value] : headers) {
    CHECK(std::ranges::none_of(value, [](char c) { return c < ' ' || c == '\x7f'; }));
    CHECK(name != "ce-Odd-Name");
    CHECK(name != "own");
  }
}

TEST_CASE("A raw request has no attributes, and a type that says nothing where none is usable") {
  CHECK_FALSE(
      value_of(request_headers(viewed_record{"k", "{}", event_headers}.view(), false), "ce-type"));
  const viewed_record odd{std::nullopt, std::nullopt, {{"content-type", "a\nb", false}}};
  const auto headers = request_headers(odd.view(), true);
  CHECK(value_of(headers, "Content-Type") == "application/octet-stream");
  CHECK_FALSE(value_of(headers, "Streamer-Key"));
  CHECK(value_of(headers, "Streamer-Value") == "null");
}

TEST_CASE("An event in structured mode goes as it is") {
  const viewed_record record{
      "k", R"({"type":"a"})", {{"content-type", "application/cloudevents+json", false}}};
  const auto headers = request_headers(record.view(), true);
  CHECK(value_of(headers, "Content-Type") == "application/cloudevents+json");
  CHECK_FALSE(value_of(headers, "ce-type"));
}

TEST_CASE("A record of a redrive lane is told from the one at that offset of its topic") {
  const viewed_record record{"k", "{}", {}, "orders.redrive.g"};
  const auto headers = request_headers(record.view(), true);
  CHECK(value_of(headers, "Idempotency-Key") == "orders.redrive.g-3-17");
  CHECK(value_of(headers, "Streamer-Topic") == "orders");
  CHECK(value_of(headers, "Streamer-Lane") == "orders.redrive.g");
}

TEST_CASE("Escapes go and come back") {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(percent_encoded("a%b \"") == "a%25b%20%22");
  CHECK(percent_decoded("100% %zz %4") == "100% %zz %4");
  CHECK(percent_decoded("%e2%82%ac") == "\u20ac");
}

TEST_CASE("A response becomes an event with the record's key") {
  const viewed_record record{"k", "{}"};
  const auto event = reply_event("out", record.view(),
                                 {{"content-type", "application/json"},
                                  {"ce-type", "order%20priced"},
                                  {"ce-bad-name", "x"},
                                  {"server", "x"}},
                                 "body");
  CHECK(event.topic == "out");
  CHECK(event.key == "k");
  CHECK(event.value == "body");
  CHECK(event.headers == std::vector<owned_header>{{"content-type", "application/json", false},
                                                   {"ce_type", "order priced", false}});
}

} // namespace
} // namespace streamer
