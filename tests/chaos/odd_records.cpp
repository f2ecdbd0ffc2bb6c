// D1: records as nobody should send them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <iterator>
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
  const std::string nested(100'000, '[');
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
  const topic_properties large{{"max.message.bytes", "12000000"}};
  const scenario s{shared_broker(),
                   {.partitions = 2, .source = large, .output = large, .dlq = large}};
  worker w{s.directory(), "worker", s.forward()};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source, {}, {{"message.max.bytes", "12000000"}}};
  for (const auto& record : odd_records()) {
    producer.send(record);
  }
  producer.flush();
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

  std::istringstream lines{w.program().stderr_text()};
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(nlohmann::json::accept(line));
  }
  report.fault("odd record", source.size());
  report.require_complete(source.size(), missing_from(source, output));
}

TEST_CASE("D1: odd records that are rejected reach the DLQ byte for byte", "[D1][fast]") {
  chaos_report report{"D1", "the same, rejected, to the dead letter queue"};
  report.needs("odd record", odd_records().size());
  const topic_properties large{{"max.message.bytes", "12000000"}};
  const scenario s{shared_broker(),
                   {.partitions = 2, .source = large, .output = large, .dlq = large}};
  worker_config config{s.bootstrap, s.group, s.source};
  // Nothing matches: every record is a dead letter.
  config.handler({{"kind", toml_text("discard")}, {"topic", toml_text("another-topic")}});
  worker w{s.directory(), "worker", config};
  w.wait_until_ready();
  ledger_producer producer{s.bootstrap, s.source, {}, {{"message.max.bytes", "12000000"}}};
  for (const auto& record : odd_records()) {
    producer.send(record);
  }
  producer.flush();
  s.wait_until_drained();
  note_memory(report, w);
  CHECK(w.stop().code == 0);
  auto dead = read_topic(s.bootstrap, s.dlq);
  for (auto& record : dead) {
    const auto error =
        std::stable_partition(record.headers.begin(), record.headers.end(),
                              [](const header& h) { return !is_error_header(h.name); });
    CHECK(error != record.headers.end());
    record.headers.erase(error, record.headers.end());
  }
  const auto source = contents(read_topic(s.bootstrap, s.source));
  const auto letters = contents(dead);
  CHECK(letters.size() == source.size());
  CHECK(std::equal(source.begin(), source.end(), letters.begin(), letters.end()));
  report.fault("odd record", source.size());
  report.require_complete(source.size(), missing_from(source, letters), letters.size());
}
