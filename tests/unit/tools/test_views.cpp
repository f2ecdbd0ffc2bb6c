#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "actors/dlq/dead_letter_record.hpp"
#include "tools/dlq/bytes_view.hpp"
#include "tools/dlq/dead_letter.hpp"
#include "tools/metrics/metrics_text.hpp"
#include "tools/text/table.hpp"
#include "tools/usage/role_spelling.hpp"

namespace streamer::tools {
namespace {

using words = std::vector<std::string>;

words command(const words& arguments) {
  const auto spelled = spell_as_command(arguments);
  REQUIRE(std::holds_alternative<words>(spelled));
  return std::get<words>(spelled);
}

std::string refusal(const words& arguments) {
  const auto spelled = spell_as_command(arguments);
  return std::holds_alternative<std::string>(spelled) ? std::get<std::string>(spelled)
                                                      : std::string{};
}

TEST_CASE("each role is the command that it means") {
  CHECK(command({"--role", "consumer", "--topic", "t"}) ==
        words{"process", "start", "--topic", "t"});
  CHECK(command({"--topic", "t", "--role=consumer"}) == words{"process", "start", "--topic", "t"});
  CHECK(command({"--role", "producer", "--load-test", "--rate", "5"}) ==
        words{"ingest", "load-test", "--rate", "5"});
  CHECK(command({"--load-test", "--role", "all"}) == words{all_load_test_command});
  CHECK(command({"--role", "producer"}) == words{stdin_command});
  CHECK(command({"process", "lag"}) == words{"process", "lag"});
}

TEST_CASE("a role that makes no sense is refused with the roles there are") {
  CHECK(refusal({"--role"}).find("roles: consumer") != std::string::npos);
  CHECK(refusal({"--role", "worker"}).starts_with("--role 'worker' is not known"));
  CHECK(refusal({"--role", "consumer", "--load-test"}).starts_with("--load-test needs"));
  CHECK(refusal({"--load-test"}).starts_with("--load-test needs"));
  CHECK(refusal({"--role", "all"}).starts_with("--role all runs a load test only"));
  CHECK(refusal({"--role", "all", "--role=all"}) == "--role is given twice");
}

record_ref letter_with(std::vector<owned_header> headers, std::optional<std::string> key = "k") {
  record fields;
  fields.offset = offset_id{42};
  fields.timestamp_ms = 1000;
  if (key) fields.key = bytes_ref{*key};
  fields.value = bytes_ref{"v", 1};
  return {
      std::make_shared<detached_records>("events.dlq", partition_id{2}, fields, std::move(headers)),
      0};
}

owned_header text_header(std::string_view name, std::string value) {
  return {std::string{name}, std::move(value)};
}

TEST_CASE("a dead letter says what its headers say") {
  const auto letter = read_dead_letter(letter_with(
      {text_header(dlq_header::topic, "events"), text_header(dlq_header::partition, "7"),
       text_header(dlq_header::offset, "1234"), text_header(dlq_header::delivery_count, "3"),
       text_header(dlq_header::reason, "retries_exhausted"),
       text_header(dlq_header::tenant, "acme"), text_header(dlq_header::message, "boom")}));
  CHECK(source_of(letter) == "events[7]@1234");
  CHECK(letter.attempts == 3);
  CHECK(letter.reason == "retries_exhausted");
  CHECK(letter.tenant == "acme");
  CHECK(letter.offset == offset_id{42});
}

TEST_CASE("a record in a DLQ topic that is no dead letter can be read too") {
  const auto letter = read_dead_letter(letter_with(
      {text_header(dlq_header::partition, "seven"), text_header(dlq_header::offset, "-1")}));
  CHECK(source_of(letter).empty());
  CHECK_FALSE(letter.source_partition);
  CHECK_FALSE(letter.source_offset);
}

TEST_CASE("a filter takes what meets all of its conditions") {
  const auto record = letter_with({text_header(dlq_header::reason, "timeout"),
                                   text_header(dlq_header::tenant, "acme"),
                                   text_header(dlq_header::message, "upstream said no"),
                                   text_header(dlq_header::exception, "std::runtime_error")});
  const auto letter = read_dead_letter(record);
  dlq_filter filter;
  CHECK(filter.takes(letter, record));
  filter.tenant = "acme";
  filter.reason = "timeout";
  filter.error = "said";
  filter.key = "k";
  filter.since_ms = 1000;
  CHECK(filter.takes(letter, record));
  filter.error = "runtime";
  CHECK(filter.takes(letter, record));
  filter.since_ms = 1001;
  CHECK_FALSE(filter.takes(letter, record));
}

TEST_CASE("no key is not the empty key") {
  dlq_filter filter;
  filter.key = "";
  CHECK_FALSE(
      filter.takes(read_dead_letter(letter_with({}, std::nullopt)), letter_with({}, std::nullopt)));
  CHECK(filter.takes(read_dead_letter(letter_with({}, "")), letter_with({}, "")));
}

TEST_CASE("null, empty, JSON, text and binary values are told apart") {
  CHECK(kind_of({}) == bytes_kind::null);
  CHECK(kind_of(bytes_ref{""}) == bytes_kind::empty);
  CHECK(kind_of(bytes_ref{R"( {"a":1})"}) == bytes_kind::json);
  CHECK(kind_of(bytes_ref{"{not json"}) == bytes_kind::text);
  CHECK(kind_of(bytes_ref{"42"}) == bytes_kind::text);
  CHECK(kind_of(bytes_ref{"line\nline\ttab"}) == bytes_kind::text);
  CHECK(kind_of(bytes_ref{"\xff\xfe"}) == bytes_kind::binary);
  CHECK(kind_of(bytes_ref{"a\x1b[31m"}) == bytes_kind::binary);
}

TEST_CASE("no value can reach the terminal unescaped") {
  for (const std::string_view value : {"\x1b[31mred", "{\"a\":\"\\u001b[31m\"}",
                                       "\xe2\x80\xae"
                                       "x"}) {
    const auto text = shown_bytes(bytes_ref{value}, 1000);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  }
}

TEST_CASE("a long value is cut, and how much is left out is said") {
  const std::string text(5000, 'x');
  CHECK(shown_bytes(bytes_ref{text}, 1000).find("… 4,000 bytes more\n") != std::string::npos);
  CHECK(shown_inline(bytes_ref{text}, 10) == "xxxxxxxxxx…");
}

TEST_CASE("binary is dumped as hex with at most 80 characters a line") {
  std::string bytes;
  for (int i = 0; i < 40; ++i)
    bytes += static_cast<char>(i);
  std::istringstream in{shown_bytes(bytes_ref{bytes}, 1000)};
  std::string line;
  std::getline(in, line);
  CHECK(line == "00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................");
  CHECK(line.size() <= 80);
  CHECK(shown_inline(bytes_ref{"\xff\x01", 2}) == "0xff01");
}

constexpr std::string_view page = R"(# HELP kafka_x_total Things.
# TYPE kafka_x_total counter
kafka_x_total{topic="a\"b",tenant="t"} 1234567
# TYPE up gauge
up 0.25
# TYPE d_seconds histogram
d_seconds_bucket{le="0.01"} 90
d_seconds_bucket{le="0.1"} 99
d_seconds_bucket{le="+Inf"} 100
d_seconds_sum 2.5
d_seconds_count 100
)";

TEST_CASE("a scrape becomes a table, a histogram one line of it") {
  const auto reading = read_metrics(page);
  REQUIRE(reading.page);
  CHECK(reading.page->samples[0].labels.at("topic") == "a\"b");
  const auto text = metrics_table(*reading.page, 80);
  CHECK(text.find("kafka_x_total  tenant=t  1,234,567\n") != std::string::npos);
  CHECK(text.find("100  25.0 ms  10.0 ms  100.0 ms\n") != std::string::npos);
  CHECK(text.find("d_seconds_bucket") == std::string::npos);
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    CHECK(shown_width(line) <= 80);
}

TEST_CASE("partitions are added up, of ages the highest is shown, histograms are merged") {
  const auto reading = read_metrics(R"(# TYPE age_seconds gauge
age_seconds{partition="0"} 3
age_seconds{partition="1"} 7
age_seconds{partition="2"} 5
lag{partition="0",state="queued"} 3
lag{partition="1",state="queued"} 4
lag{partition="1",state="fetched"} 1
# TYPE size histogram
size_bucket{partition="0",le="10"} 1
size_bucket{partition="0",le="+Inf"} 1
size_sum{partition="0"} 4
size_count{partition="0"} 1
size_bucket{partition="1",le="10"} 1
size_bucket{partition="1",le="+Inf"} 3
size_sum{partition="1"} 96
size_count{partition="1"} 3
# TYPE none_seconds histogram
none_seconds_bucket{le="+Inf"} 0
none_seconds_sum 0
none_seconds_count 0
)");
  REQUIRE(reading.page);
  CHECK(metrics_table(*reading.page, 80) ==
        "metric       labels         value\n"
        "age_seconds                     7\n"
        "lag          state=fetched      1\n"
        "lag          state=queued       7\n"
        "\n"
        "duration or size  labels  count  mean  p50 ≤  p99 ≤\n"
        "none                          0     -      -      -\n"
        "size                          4    25     10   +Inf\n");
}

TEST_CASE("what is no scrape is refused with the line") {
  CHECK(read_metrics("ok 1\n<html>\n").bad_line == 2);
  for (const auto* text :
       {"x", "x y", "x{a=1} 2", "x{a=\"1} 2", "{a=\"1\"} 2", "x{a=\"1\"b=\"2\"} 1"}) {
    INFO(text);
    CHECK_FALSE(read_metrics(text).page);
  }
  CHECK(read_metrics("x NaN\ny +Inf\nz 1 1700000000\n").page);
}

} // namespace
} // namespace streamer::tools
