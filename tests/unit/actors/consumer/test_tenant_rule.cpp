#include "actors/consumer/tenant_rule.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace streamer {
namespace {

using fixture::header;
using fixture::make_record;
using fixture::null_header;
using from = tenant_source::kind;

tenant_rule rule_of(from kind, std::string argument) {
  tenant_settings settings;
  settings.from = {kind, std::move(argument)};
  settings.default_tenant = "nobody";
  return tenant_rule{settings};
}

std::string tenant_by(from kind, const std::string& argument, const fixture::record_parts& parts) {
  return std::string{rule_of(kind, argument).tenant_of(make_record(parts))};
}

TEST_CASE("By default the tenant is the CloudEvents attribute tenantid, else `default`") {
  tenant_rule rule{tenant_settings{}};
  CHECK(rule.tenant_of(make_record({.headers = {header("ce_tenantid", "acme")}})) == "acme");
  CHECK(rule.tenant_of(make_record({.headers = {header("tenantid", "acme")}})) == "default");
  CHECK(rule.tenant_of(make_record({})) == "default");
}

TEST_CASE("A tenant header that is absent, null or empty leaves the default tenant") {
  CHECK(tenant_by(from::header, "x-tenant", {.headers = {header("x-tenant", "acme")}}) == "acme");
  CHECK(tenant_by(from::header, "x-tenant", {}) == "nobody");
  CHECK(tenant_by(from::header, "x-tenant", {.headers = {null_header("x-tenant")}}) == "nobody");
  CHECK(tenant_by(from::header, "x-tenant", {.headers = {header("x-tenant", "")}}) == "nobody");
  CHECK(tenant_by(from::header, "x-tenant", {.headers = {header("X-Tenant", "acme")}}) == "nobody");
  CHECK(tenant_by(from::header, "x-tenant",
                  {.headers = {header("x-tenant", "a"), header("x-tenant", "b")}}) == "b");
}

TEST_CASE("A structured event names its tenant in the envelope; a header goes before it") {
  const auto structured = header("content-type", "application/cloudevents+json");
  const std::string envelope = R"({"type":"order","tenantid":"acme"})";
  CHECK(tenant_by(from::header, "ce_tenantid", {.value = envelope, .headers = {structured}}) ==
        "acme");
  CHECK(tenant_by(from::header, "ce_tenantid",
                  {.value = envelope, .headers = {structured, header("ce_tenantid", "globex")}}) ==
        "globex");
  CHECK(tenant_by(from::header, "ce_tenantid", {.value = envelope}) == "nobody");
  CHECK(tenant_by(from::header, "x-tenant", {.value = envelope, .headers = {structured}}) ==
        "nobody");
}

TEST_CASE("An envelope that cannot be read or names no tenant leaves the default tenant") {
  const auto structured = header("content-type", "application/cloudevents+json");
  for (const std::string value : {"", "{", R"({"type":"order"})", R"({"tenantid":"acme"})",
                                  R"({"type":"order","tenantid":""})", R"([{"tenantid":"a"}])"}) {
    CAPTURE(value);
    CHECK(tenant_by(from::header, "ce_tenantid", {.value = value, .headers = {structured}}) ==
          "nobody");
  }
  CHECK(tenant_by(from::header, "ce_tenantid", {.headers = {structured}}) == "nobody");
}

TEST_CASE("A topic names its tenant by the pattern's first group, else by the whole match") {
  CHECK(tenant_by(from::topic, R"(^([a-z]+)\.events$)", {.topic = "acme.events"}) == "acme");
  CHECK(tenant_by(from::topic, R"(^([a-z]+)\.events$)", {.topic = "acme.other"}) == "nobody");
  CHECK(tenant_by(from::topic, "[0-9]+", {.topic = "tenant-42-events"}) == "42");
  CHECK(tenant_by(from::topic, "^(a)?b", {.topic = "b"}) == "nobody");
}

TEST_CASE("One rule tells the tenants of topics that take turns") {
  auto rule = rule_of(from::topic, R"(^([a-z]+)\.)");
  const auto acme = make_record({.topic = "acme.events"});
  const auto globex = make_record({.topic = "globex.events"});
  const auto none = make_record({.topic = "events"});
  for (int turn = 0; turn < 3; ++turn) {
    CHECK(rule.tenant_of(acme) == "acme");
    CHECK(rule.tenant_of(acme) == "acme");
    CHECK(rule.tenant_of(none) == "nobody");
    CHECK(rule.tenant_of(globex) == "globex");
  }
}

TEST_CASE("A key names its tenant by what stands before the first separator") {
  struct row {
    std::string separator;
    std::string key;
    std::string tenant;
  };
  const std::vector<row> rows{
      {":", "acme:7", "acme"},    {":", "acme:7:8", "acme"}, {":", "acme", "nobody"},
      {":", ":7", "nobody"},      {":", "", "nobody"},       {"::", "acme::7", "acme"},
      {"::", "acme:7", "nobody"}, {"/", "acme/", "acme"},    {":", "\xff:7", "\xff"},
  };
  for (const auto& r : rows) {
    CAPTURE(r.separator, r.key);
    CHECK(tenant_by(from::key_prefix, r.separator, {.key = r.key}) == r.tenant);
  }
  CHECK(tenant_by(from::key_prefix, ":", {}) == "nobody");
}

} // namespace
} // namespace streamer
