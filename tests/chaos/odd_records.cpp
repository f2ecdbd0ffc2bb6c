// D1: records as nobody should send them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "tests/chaos/support/chaos_report.hpp"
#include "tests/support/broker_fixture.hpp"

using namespace streamer::test;

namespace {

constexpr std::size_t ten_megabytes = 10'000'000;

// What has to come out as it went in.
using content = std::tuple<std::optional<std::string>, std::optional<std::string>,
                           std::vector<std::pair<std::string, std::optional<std::string>>>>;

std::vector<content> contents(const std::vector<stored_record>& records) {
  std::vector<content> result;
  for (const auto& record : records) {
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    for (const auto& h : record.headers) {
      headers.emplace_back(h.name, h.value);
    }
    result.emplace_back(record.key, record.value, std::move(headers));
  }
  std::sort(result.begin(), result.end());
  return result;
}

sent_record odd(std::optional<std::string> key, std::optional<std::string> value,
                std::vector<header> headers = {}) {
  sent_record record;
  record.key = std::move(key);
  record.value = std::move(value);
  record.headers = std::move(headers);
  return record;
}

std::vector<header> many_headers(std::size_t count) {
  std::vector<header> headers;
  for (std::size_t i = 0; i < count; ++i) {
    headers.push_back({"h" + std::to_string(i % 7), std::to_string(i)});
  }
  return headers;
}

std::vector<sent_record> odd_records() {
  const std::string binary{"\0\xff\xfe\x80", 4};
  const std::string nested = std::string(100'000, '[') + std::string(100'000, ']');
  return {
      odd("key", std::nullopt),
      odd("key", ""),
      odd("key", "x"),
      odd(std::nullopt, "no key"),
      odd(std::nullopt, std::nullopt),
      odd("", "empty key"),
      odd(binary, binary),
      odd("key", "not UTF-8 \xc3\x28"),
      odd("line\r\nbreak", "line\nbreak \x1b[31mred\x1b[0m"),
      odd("key", nested, {{"content-type", "application/json"}}),
      odd("key", "{\"a\":1,\"a\":2}", {{"content-type", "application/json"}}),
      odd("key", "v", {{"h", "1"}, {"h", "1"}, {"h", std::nullopt}, {"h", ""}}),
      odd("key", "v", {{"ce_tenantid", binary}}),
      odd("key", "v", {{"ce_tenantid", "a\n\"b\\"}}),
      odd("key", "v", {{"ce_tenantid", std::nullopt}}),
      odd("key", "v", {{"ce_tenantid", ""}}),
      odd("key", "v", {{"ce_tenantid", std::string(5000, 't')}}),
      odd("key", "v", {{"huge", std::string(200'000, 'h')}}),
      odd("key", "v", many_headers(2000)),
      odd(std::string(50'000, 'k'), "long key"),
      odd("big", std::string(ten_megabytes, 'b')),
      odd("behind the big one", "v"),
  };
}

// A structured event, and what the worker has to make of it.
struct envelope {
  std::string key; ///< tells them apart
  std::optional<std::string> value;
  std::string reason; ///< of its dead letter; empty: it is forwarded
  std::string tenant = "default";
  std::string content_type = "application/cloudevents+json; charset=UTF-8";
};

std::string nested_order(std::size_t depth) {
  return R"({"type":"order","data":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
         "}";
}

std::vector<envelope> envelopes() {
  const std::string bad = "undecodable";
  return {
      {"plain", R"({"type":"order","tenantid":"acme","data":{"type":"inner"}})", ""},
      {"depth 64", nested_order(64), ""},
      {"depth 65", nested_order(65), bad},
      {"depth 100,000", nested_order(100'000), bad},
      {"the last type counts", R"({"type":"other","type":"order"})", ""},
      {"the last type counts against it", R"({"type":"order","type":"other"})", "unmatched"},
      {"the last tenant counts", R"({"type":"other","tenantid":"first","tenantid":"last"})",
       "unmatched", "last"},
      {"within the limit", R"({"type":"order","data":")" + std::string(4'000'000, 'x') + R"("})",
       ""},
      {"over the limit", R"({"type":"order","data":")" + std::string(5'000'000, 'x') + R"("})",
       bad},
      {"batch", R"([{"type":"order"}])", bad, "default", "application/cloudevents-batch+json"},
      {"array", R"([{"type":"order"}])", bad},
      {"scalar", "17", bad},
      {"null", std::nullopt, bad},
      {"empty", "", bad},
      {"no type", R"({"tenantid":"acme"})", bad},
      {"cut off", R"({"type":"order","tenantid":"acme")", bad},
      {"unclosed", R"({"type":"order","data":)" + std::string(100'000, '['), bad},
      {"two", R"({"type":"order"}{"type":"order"})", bad},
      {"not UTF-8 in the type", "{\"type\":\"\xc3\x28\"}", bad},
      {"not UTF-8 in the data", "{\"type\":\"order\",\"data\":\"\xff\xfe\"}", bad},
      {"control characters", R"({"type":"other","tenantid":"a\r\nb\u001b[31mred"})", "unmatched",
       "a\r\nb\x1b[31mred"},
      {"line breaks in the type", R"({"type":"a\nb\u001b[2J"})", "unmatched"},
  };
}

// Every line that a worker logged is one entry: nothing in a record has broken it or coloured it.
void check_log_lines(worker& w, bool json) {
  std::istringstream lines{w.program().stderr_text()};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    INFO(line.substr(0, 500));
    CHECK(std::none_of(line.begin(), line.end(),
                       [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
    if (json) {
      CHECK(nlohmann::json::accept(line));
    } else {
      // As in 2026-01-31T…
      CHECK((line.size() > 11 && line[4] == '-' && line[7] == '-' && line[10] == 'T'));
    }
  }
  CHECK(count > 5);
}

// Log in both formats, and all that can be logged.
worker_config talkative(worker_config config, bool json) {
  config.text("observability.log_level", "trace");
  config.value("observability.json_logs", json ? "true" : "false");
  return config;
}

// The dead letters without what the product adds to them.
std::vector<stored_record> without_error_headers(std::vector<stored_record> dead) {
  for (auto& record : dead) {
    const auto error =
        std::stable_partition(record.headers.begin(), record.headers.end(),
                              [](const header& h) { return !is_error_header(h.name); });
    CHECK(error != record.headers.end());
    record.headers.erase(error, record.headers.end());
  }
  return dead;
}

const topic_properties large{{"max.message.bytes", "12000000"}};

// Topics that take odd records.
scenario_options roomy() {
  return {.partitions = 2, .source = large, .output = large, .dlq = large};
}

void send_all(const scenario& s, const std::vector<sent_record>& records) {
  ledger_producer producer{s.bootstrap, s.source, {}, {{"message.max.bytes", "12000000"}}};
  for (const auto& record : records) {
    producer.send(record);
  }
  producer.flush();
}

// How many of `sent` are not in `found`.
std::uint64_t missing_from(const std::vector<content>& sent, const std::vector<content>& found) {
  std::vector<content> missing;
  std::set_difference(sent.begin(), sent.end(), found.begin(), found.end(),
                      std::back_inserter(missing));
  return missing.size();
}

} // namespace

TEST_CASE("D1: odd records go through byte for byte", "[D1][fast]") {
  chaos_report report{"D1", "null, empty, 10 MB, binary and oddly headed records"};
  report.needs("odd record", odd_records().size());
  const scenario s{shared_broker(), roomy()};
  worker w{s.directory(), "worker", talkative(s.forward(), true)};
  w.wait_until_ready();
  send_all(s, odd_records());
  s.wait_until_drained();
  CHECK(w.health() == 200);
  const auto page = http_get(w.metrics_port(), "/metrics");
  CHECK(page.status == 200);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto source = contents(read_topic(s.bootstrap, s.source));
  const auto output = contents(read_topic(s.bootstrap, s.output));
  CHECK(source.size() == odd_records().size());
  CHECK(output.size() == source.size());
  // Not by ==, whose failure would print ten megabytes.
  CHECK(std::equal(source.begin(), source.end(), output.begin(), output.end()));
  CHECK(read_topic(s.bootstrap, s.dlq).empty());
  check_log_lines(w, true);
  report.fault("odd record", source.size());
  report.require_complete(source.size(), missing_from(source, output));
}

TEST_CASE("D1: odd records that are rejected reach the DLQ byte for byte", "[D1][fast]") {
  const bool json = GENERATE(true, false);
  chaos_report report{"D1", std::string{"the same, rejected, to the dead letter queue; log as "} +
                                (json ? "JSON" : "text")};
  report.needs("odd record", odd_records().size());
  const scenario s{shared_broker(), roomy()};
  worker_config config{s.bootstrap, s.group, s.source};
  // Nothing matches: every record is a dead letter.
  config.handler({{"kind", toml_text("discard")}, {"topic", toml_text("another-topic")}});
  worker w{s.directory(), "worker", talkative(config, json)};
  w.wait_until_ready();
  send_all(s, odd_records());
  s.wait_until_drained();
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto source = contents(read_topic(s.bootstrap, s.source));
  const auto letters = contents(without_error_headers(read_topic(s.bootstrap, s.dlq)));
  CHECK(letters.size() == source.size());
  CHECK(std::equal(source.begin(), source.end(), letters.begin(), letters.end()));
  check_log_lines(w, json);
  report.fault("odd record", source.size());
  report.require_complete(source.size(), missing_from(source, letters), letters.size());
}

TEST_CASE("D1: structured events go where their envelope sends them, or are undecodable",
          "[D1][fast]") {
  const bool json = GENERATE(true, false);
  chaos_report report{
      "D1", std::string{"structured events: nested, doubled, cut off, too large; log as "} +
                (json ? "JSON" : "text")};
  report.needs("odd record", envelopes().size());
  const scenario s{shared_broker(), roomy()};
  worker_config config{s.bootstrap, s.group, s.source};
  config.handler({{"kind", toml_text("forward")},
                  {"to", toml_text(s.output)},
                  {"event_type", toml_text("order")}});
  worker w{s.directory(), "worker", talkative(config, json)};
  w.wait_until_ready();
  std::vector<sent_record> records;
  std::map<std::string, envelope> expected;
  for (auto& e : envelopes()) {
    records.push_back(odd(e.key, e.value, {{"content-type", e.content_type}}));
    expected.emplace(e.key, std::move(e));
  }
  send_all(s, records);
  s.wait_until_drained();
  CHECK(w.health() == 200);
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  const auto output = read_topic(s.bootstrap, s.output);
  const auto dead = read_topic(s.bootstrap, s.dlq);
  for (const auto& record : output) {
    CAPTURE(record.key);
    CHECK(expected.at(record.key.value_or("")).reason.empty());
  }
  for (const auto& record : dead) {
    const auto& e = expected.at(record.key.value_or(""));
    CAPTURE(e.key);
    CHECK(record.header_value("streamer.dlq.reason") == e.reason);
    CHECK(record.header_value("streamer.tenant") == e.tenant);
  }
  // Each in one place, as it was sent.
  auto all = without_error_headers(dead);
  all.insert(all.end(), output.begin(), output.end());
  const auto source = contents(read_topic(s.bootstrap, s.source));
  const auto found = contents(all);
  CHECK(found.size() == source.size());
  CHECK(std::equal(source.begin(), source.end(), found.begin(), found.end()));
  check_log_lines(w, json);
  report.fault("odd record", source.size());
  report.require_complete(source.size(), missing_from(source, found), dead.size());
}
