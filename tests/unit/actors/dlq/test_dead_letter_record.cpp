#include "actors/dlq/dead_letter_record.hpp"
#include "tests/unit/actors/dlq/dead_letter_fixture.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <random>
#include <string>
#include <vector>

namespace streamer {
namespace {

using fixture::header;
using fixture::make_record;
using fixture::null_header;
using fixture::only_value;
using fixture::some_facts;

constexpr std::size_t plenty = 8192;

TEST_CASE("The DLQ's name is the pattern with the source topic in it") {
  CHECK(dlq_topic_for("{topic}.dlq", "orders") == "orders.dlq");
  CHECK(dlq_topic_for("dead-letters", "orders") == "dead-letters");
  CHECK(dlq_topic_for("{topic}-{topic}", "a") == "a-a");
  CHECK(dlq_topic_for("{topic}", "{topic}") == "{topic}");
  CHECK(dlq_topic_for("{topic", "orders") == "{topic");
}

TEST_CASE("A dead letter has the original's key and value, byte for byte") {
  const auto record = make_record({.key = std::string{"k\0\xff", 3}, .value = "v\n"});
  const auto letter = make_dead_letter(record, some_facts(), "orders.dlq", plenty);
  CHECK(letter.topic == "orders.dlq");
  CHECK(letter.key_bytes().view() == std::string_view{"k\0\xff", 3});
  CHECK(letter.value_bytes().view() == "v\n");
}

TEST_CASE("In a dead letter null stays null and empty stays empty") {
  const auto nulls = make_dead_letter(make_record({}), some_facts(), "d", plenty);
  CHECK(nulls.key_bytes().is_null());
  CHECK(nulls.value_bytes().is_null());
  const auto empties =
      make_dead_letter(make_record({.key = "", .value = ""}), some_facts(), "d", plenty);
  CHECK_FALSE(empties.key_bytes().is_null());
  CHECK_FALSE(empties.value_bytes().is_null());
}

TEST_CASE("A dead letter goes to the source's partition modulo the DLQ's count, as of now") {
  const auto letter = make_dead_letter(
      make_record({.partition = 7, .timestamp_ms = 1'000, .kind = timestamp_kind::create_time}),
      some_facts(), "d", plenty);
  CHECK_FALSE(letter.partition.has_value());
  CHECK(letter.partition_seed == 7);
  CHECK(letter.timestamp_ms == 0);
}

TEST_CASE("The original's headers come first: order, duplicates, nulls and all their bytes") {
  const std::vector<owned_header> original{header("traceparent", "00-1-2-01"),
                                           header("a", "1"),
                                           null_header("b"),
                                           header("a", "2"),
                                           header("", std::string(20'000, 'x')),
                                           header("\xff", std::string{"\0", 1})};
  const auto letter =
      make_dead_letter(make_record({.headers = original}), some_facts(), "d", plenty);
  REQUIRE(letter.headers.size() > original.size());
  for (std::size_t i = 0; i < original.size(); ++i) {
    CAPTURE(i);
    CHECK(letter.headers[i] == original[i]);
  }
}

TEST_CASE("A dead letter says where it came from, why, and what was tried") {
  const auto record = make_record({.topic = "orders",
                                   .partition = 3,
                                   .offset = 12'345,
                                   .timestamp_ms = 1'700'000'000'123,
                                   .kind = timestamp_kind::create_time});
  const auto letter = make_dead_letter(record, some_facts(), "orders.dlq", plenty);
  CHECK(only_value(letter, "__dlq.errors.topic") == "orders");
  CHECK(only_value(letter, "__dlq.errors.partition") == "3");
  CHECK(only_value(letter, "__dlq.errors.offset") == "12345");
  CHECK(only_value(letter, "__dlq.errors.group") == "workers");
  CHECK(only_value(letter, "__dlq.errors.delivery.count") == "10");
  CHECK(only_value(letter, "__dlq.errors.message") == "database is away");
  CHECK(only_value(letter, "streamer.dlq.reason") == "retries_exhausted");
  CHECK(only_value(letter, "streamer.dlq.exception") == "db::busy");
  CHECK(only_value(letter, "streamer.tenant") == "acme");
  CHECK(only_value(letter, "streamer.first-failed-at") == "2026-01-01T00:00:00.007Z");
  CHECK(only_value(letter, "streamer.original-timestamp") == "1700000000123");
  CHECK(only_value(letter, "streamer.original-timestamp-type") == "CreateTime");
  CHECK(only_value(letter, "streamer.redrive-count") == "0");
  CHECK(letter.headers.size() == 13);
}

TEST_CASE("A record without a timestamp is told as such") {
  const auto letter = make_dead_letter(make_record({}), some_facts(), "d", plenty);
  CHECK(only_value(letter, "streamer.original-timestamp") == "-1");
  CHECK(only_value(letter, "streamer.original-timestamp-type") == "NoTimestampType");
  const auto appended = make_dead_letter(make_record({.kind = timestamp_kind::log_append_time}),
                                         some_facts(), "d", plenty);
  CHECK(only_value(appended, "streamer.original-timestamp-type") == "LogAppendTime");
}

TEST_CASE("A record that went round a hundred times carries its error headers once") {
  auto headers = std::vector<owned_header>{header("own", "1"), null_header("streamer.tenant"),
                                           header("streamer.other", "stays")};
  std::size_t size = 0;
  for (int round = 0; round < 100; ++round) {
    const auto record = make_record({.topic = "orders.redrive", .offset = 5, .headers = headers});
    auto letter = make_dead_letter(record, some_facts(), "d", plenty);
    CHECK(only_value(letter, "__dlq.errors.topic") == "orders.redrive");
    CHECK(only_value(letter, "streamer.tenant") == "acme");
    CHECK(only_value(letter, "own") == "1");
    CHECK(only_value(letter, "streamer.other") == "stays");
    REQUIRE((size == 0 || letter.headers.size() == size));
    size = letter.headers.size();
    headers = std::move(letter.headers);
  }
}

TEST_CASE("The redrive count travels on") {
  const auto letter = make_dead_letter(
      make_record({.headers = {header("streamer.redrive-count", "3")}}), some_facts(), "d", plenty);
  CHECK(only_value(letter, "streamer.redrive-count") == "3");
}

TEST_CASE("A pointer record says all but carries nothing of the original's") {
  const auto record = make_record({.topic = "orders",
                                   .partition = 3,
                                   .offset = 99,
                                   .key = "secret key",
                                   .value = "large value",
                                   .headers = {header("h", std::string(100'000, 'x'))}});
  const auto pointer = make_pointer_record(record, some_facts(), "orders.dlq", plenty);
  CHECK(pointer.key_bytes().is_null());
  CHECK(pointer.value_bytes().is_null());
  CHECK(pointer.partition_seed == 3);
  CHECK(pointer.timestamp_ms == 0);
  CHECK(only_value(pointer, "streamer.dlq.reason") == "too_large");
  CHECK(only_value(pointer, "__dlq.errors.topic") == "orders");
  CHECK(only_value(pointer, "__dlq.errors.partition") == "3");
  CHECK(only_value(pointer, "__dlq.errors.offset") == "99");
  CHECK(pointer.headers.size() == 13);
  CHECK(fixture::header_bytes(pointer) < 1000);
}

} // namespace
} // namespace streamer
