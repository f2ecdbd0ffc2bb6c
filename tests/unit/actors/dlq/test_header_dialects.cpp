// Error headers of other systems, against what their own libraries wrote: golden/NAME.headers, made
// by tests/dialects/generate.
#include "actors/dlq/header_dialects.hpp"
#include "tests/unit/actors/dlq/dead_letter_fixture.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <fstream>
#include <string>

namespace streamer {
namespace {

using fixture::header;
using fixture::only_value;
using fixture::some_facts;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

std::vector<owned_header> golden(header_dialect dialect) {
  std::ifstream file{std::string{STREAMER_GOLDEN_DIR} + "/" + std::string{to_string(dialect)} +
                     ".headers"};
  REQUIRE(file);
  std::vector<owned_header> headers;
  std::string name;
  std::string hex;
  while (file >> name >> hex) {
    headers.push_back(header(name, from_hex(hex)));
  }
  REQUIRE(headers.size() >= 7);
  return headers;
}

// What the generator's record is; see Golden.java.
const record_origin golden_place{
    {"orders", partition_id{7}}, offset_id{4'294'967'301}, -1, timestamp_kind::not_available};
const std::string golden_message = "the base is away: \xc3\xa4\xc3\xb6\xc3\xbc";

record_ref golden_letter(header_dialect dialect) {
  return fixture::make_record({.topic = "orders-dlq", .headers = golden(dialect)});
}

TEST_CASE("What Kafka Streams wrote is read") {
  const auto facts = read_dialect(golden_letter(header_dialect::streams), header_dialect::streams);
  REQUIRE(facts);
  CHECK(facts->place == golden_place);
  CHECK(facts->exception == "java.lang.IllegalStateException");
  CHECK(facts->message == golden_message);
  CHECK(facts->group.empty());
}

TEST_CASE("What Spring Kafka wrote is read, big-endian numbers included") {
  const auto facts = read_dialect(golden_letter(header_dialect::spring), header_dialect::spring);
  REQUIRE(facts);
  auto place = golden_place;
  place.timestamp_ms = 1'767'225'600'123;
  place.kind = timestamp_kind::create_time;
  CHECK(facts->place == place);
  CHECK(facts->group == "booking");
  CHECK(facts->exception == "java.lang.IllegalStateException");
  CHECK(facts->message == "listener failed; " + golden_message);
}

TEST_CASE("What Kafka Connect wrote is read") {
  const auto facts = read_dialect(golden_letter(header_dialect::connect), header_dialect::connect);
  REQUIRE(facts);
  CHECK(facts->place == golden_place);
  CHECK(facts->group == "booking");
  CHECK(facts->exception == "java.lang.IllegalStateException");
  CHECK(facts->message == golden_message);
}

TEST_CASE("What is written is byte for byte what the libraries write") {
  const auto dialect =
      GENERATE(header_dialect::streams, header_dialect::spring, header_dialect::connect);
  CAPTURE(to_string(dialect));
  const auto theirs = golden(dialect);
  const auto facts = read_dialect(golden_letter(dialect), dialect);
  REQUIRE(facts);
  const auto ours = write_dialect(dialect, *facts);
  CHECK(ours.size() >= 5);
  for (const auto& written : ours) {
    CAPTURE(written.name);
    const auto found = std::ranges::find(theirs, written.name, &owned_header::name);
    REQUIRE(found != theirs.end());
    // Spring names its own wrapper there, and the failure as its cause.
    if (written.name != "kafka_dlt-exception-fqcn") {
      CHECK(written.value == found->value);
    }
  }
}

TEST_CASE("Every header of a dialect is known as such, and no other") {
  const auto dialect =
      GENERATE(header_dialect::streams, header_dialect::spring, header_dialect::connect);
  CAPTURE(to_string(dialect));
  for (const auto& theirs : golden(dialect)) {
    CHECK(is_of_dialect(theirs.name, dialect) == (theirs.name != "own"));
    CHECK_FALSE(is_of_dialect(theirs.name, header_dialect::dlq));
  }
}

TEST_CASE("Spring appends: the first place is the source") {
  auto headers = golden(header_dialect::spring);
  headers.push_back(header("kafka_dlt-original-topic", "orders-retry"));
  headers.push_back(header("kafka_dlt-original-offset", std::string(8, '\0')));
  const auto facts =
      read_dialect(fixture::make_record({.headers = headers}), header_dialect::spring);
  REQUIRE(facts);
  CHECK(facts->place->tp.topic == "orders");
  CHECK(facts->place->offset == golden_place.offset);
}

TEST_CASE("Odd headers are no harm") {
  CHECK_FALSE(read_dialect(fixture::make_record({.headers = {header("own", "1")}}),
                           header_dialect::spring));
  const auto odd =
      fixture::make_record({.headers = {header("kafka_dlt-original-topic", "orders"),
                                        header("kafka_dlt-original-partition", "7"),
                                        fixture::null_header("kafka_dlt-original-offset")}});
  const auto facts = read_dialect(odd, header_dialect::spring);
  REQUIRE(facts);
  CHECK(facts->place->tp.partition.value() == -1);
  CHECK(facts->place->offset.value() == -1);
  const auto without = fixture::make_record({.headers = {header("__connect.errors.stage", "x")}});
  CHECK_FALSE(read_dialect(without, header_dialect::connect)->place);
}

TEST_CASE("dlq.header_dialects names the dialects that are written") {
  CHECK(dialects_named({"dlq"}) == dialect_set{});
  CHECK(dialects_named({"spring", "connect"}) == dialect_set{false, false, true, true});
  CHECK(dialects_named({"dlq", "streams"}) == dialect_set{true, true, false, false});
}

TEST_CASE("A dead letter carries the dialects that are on, and once only") {
  const auto record = fixture::make_record({.topic = "orders",
                                            .partition = 7,
                                            .offset = 4'294'967'301,
                                            .headers = {header("own", "kept")},
                                            .timestamp_ms = 1'767'225'600'123,
                                            .kind = timestamp_kind::create_time});
  const dialect_set all{true, true, true, true};
  auto letter = make_dead_letter(record, some_facts(), "d", 8192, all);
  const auto size = letter.headers.size();
  CHECK(only_value(letter, "__dlq.errors.topic") == "orders");
  CHECK(only_value(letter, "__streams.errors.offset") == "4294967301");
  CHECK(only_value(letter, "__connect.errors.connector.name") == "workers");
  for (const auto& theirs : golden(header_dialect::spring)) {
    if (theirs.name.starts_with("kafka_dlt-original-") && !theirs.name.ends_with("group")) {
      CAPTURE(theirs.name);
      CHECK(only_value(letter, theirs.name) == theirs.value);
    }
  }
  CHECK(only_value(letter, "kafka_dlt-exception-fqcn") == "db::busy");
  for (int round = 0; round < 3; ++round) {
    const auto again = fixture::make_record({.topic = "orders", .headers = letter.headers});
    letter = make_dead_letter(again, some_facts(), "d", 8192, all);
    CHECK(letter.headers.size() == size);
    CHECK(only_value(letter, "own") == "kept");
  }
  const auto spring =
      make_dead_letter(record, some_facts(), "d", 8192, {false, false, true, false});
  CHECK(fixture::values_of(spring, "__dlq.errors.topic").empty());
  CHECK(only_value(spring, "streamer.dlq.reason") == "retries_exhausted");
}

TEST_CASE("All dialects together stay within the cap, and share the room for the message") {
  const std::string endless(100'000, 'm');
  auto facts = some_facts();
  facts.message = endless;
  const auto letter =
      make_dead_letter(fixture::make_record({}), facts, "d", 4096, {true, true, true, true});
  CHECK(fixture::header_bytes(letter) <= 4096);
  for (const auto* name : {"__dlq.errors.message", "__streams.errors.message",
                           "kafka_dlt-exception-message", "__connect.errors.exception.message"}) {
    CAPTURE(name);
    const auto kept = only_value(letter, name);
    REQUIRE(kept);
    CHECK(kept->size() > 300);
  }
}

TEST_CASE("Headers that were not added by this program stay, whatever dialect they are of") {
  const auto record = fixture::make_record({.headers = golden(header_dialect::spring)});
  const auto letter = make_dead_letter(record, some_facts(), "d", 8192);
  CHECK(only_value(letter, "kafka_dlt-original-topic") == "orders");
}

} // namespace
} // namespace streamer
