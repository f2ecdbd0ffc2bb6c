#include "tests/unit/actors/dlq/dead_letter_fixture.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <random>
#include <string>
#include <string_view>

namespace streamer {
namespace {

using fixture::header_bytes;
using fixture::only_value;
using fixture::some_facts;

outbound_event capped_letter(const dead_letter_facts& facts, std::size_t cap,
                             const fixture::record_parts& parts = {}) {
  return make_dead_letter(fixture::make_record(parts), facts, "d", cap);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if ((lead & 0xC0U) == 0x80U || i + length > text.size()) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

TEST_CASE("What is added stays within max_header_bytes, however long the texts are") {
  const std::uint64_t seed = GENERATE(801U, 802U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 2000; ++round) {
    const std::string tenant(random() % 300, 't');
    const std::string exception(random() % 3000, 'e');
    const std::string message(random() % 20'000, 'm');
    auto facts = some_facts();
    facts.tenant = tenant;
    facts.exception = exception;
    facts.message = message;
    const std::size_t cap = 512 + random() % 9000;
    const auto letter = capped_letter(facts, cap);
    CAPTURE(round, cap);
    REQUIRE(header_bytes(letter) <= cap);
    const auto kept = only_value(letter, "__dlq.errors.message");
    if (kept) {
      REQUIRE(message.starts_with(*kept));
    }
    if (header_bytes(letter) < cap && kept) {
      REQUIRE(*kept == message);
    }
  }
}

TEST_CASE("The longest names that Kafka allows stay within the least cap, numbers whole") {
  const std::size_t cap = GENERATE(512U, 600U, 1024U);
  const std::string endless(30'000, 'g');
  auto facts = some_facts();
  facts.group = endless;
  facts.attempts = 4'000'000'000;
  const fixture::record_parts parts{.topic = std::string(249, 't'),
                                    .partition = 2'147'483'647,
                                    .offset = 9'223'372'036'854'775'807,
                                    .timestamp_ms = 1'767'225'600'007};
  const auto letter = capped_letter(facts, cap, parts);
  CHECK(header_bytes(letter) <= cap);
  CHECK(only_value(letter, "__dlq.errors.topic") == parts.topic);
  CHECK(only_value(letter, "__dlq.errors.partition") == "2147483647");
  CHECK(only_value(letter, "__dlq.errors.offset") == "9223372036854775807");
  CHECK(only_value(letter, "streamer.dlq.reason") == "retries_exhausted");
  const auto group = only_value(letter, "__dlq.errors.group");
  CHECK((!group || facts.group.starts_with(*group)));
  const auto stamp = only_value(letter, "streamer.original-timestamp");
  CHECK((!stamp || *stamp == "1767225600007"));
}

TEST_CASE("The cap is on what is added: the original's headers are never cut") {
  const fixture::record_parts parts{.headers = {fixture::header("own", std::string(50'000, 'x'))}};
  const auto letter = capped_letter(some_facts(), 1024, parts);
  CHECK(only_value(letter, "own") == std::string(50'000, 'x'));
  CHECK(only_value(letter, "__dlq.errors.message") == "database is away");
  CHECK(header_bytes(letter, 1) <= 1024);
}

TEST_CASE("A long message gives way to everything else") {
  const std::string endless(100'000, 'm');
  auto facts = some_facts();
  facts.message = endless;
  const auto letter = capped_letter(facts, 1024);
  CHECK(header_bytes(letter) == 1024);
  CHECK(only_value(letter, "streamer.tenant") == "acme");
  CHECK(only_value(letter, "streamer.dlq.exception") == "db::busy");
  CHECK(only_value(letter, "streamer.dlq.reason") == "retries_exhausted");
}

TEST_CASE("A message is cut between characters, not inside one") {
  std::string message;
  for (int i = 0; i < 500; ++i) {
    message += "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  }
  auto facts = some_facts();
  facts.message = message;
  for (std::size_t cap = 700; cap < 740; ++cap) {
    const auto kept = only_value(capped_letter(facts, cap), "__dlq.errors.message");
    CAPTURE(cap);
    REQUIRE(kept.has_value());
    CHECK(is_utf8(*kept));
    CHECK(message.starts_with(*kept));
    CHECK_FALSE(kept->empty());
  }
}

TEST_CASE("A message of broken UTF-8 is cut without harm") {
  const std::string broken(5000, '\x80');
  auto facts = some_facts();
  facts.message = broken;
  CHECK(header_bytes(capped_letter(facts, 1024)) <= 1024);
}

TEST_CASE("A redrive count that is no count does not crowd out what the DLQ says") {
  for (const std::string& count : {std::string(10'000, '9'), std::string(10'000, 'x'),
                                   std::string{"-1"}, std::string{}, std::string{"1e9"}}) {
    CAPTURE(count.size());
    const fixture::record_parts parts{
        .headers = {fixture::header("streamer.redrive-count", count)}};
    const auto letter = capped_letter(some_facts(), 8192, parts);
    CHECK(only_value(letter, "streamer.redrive-count") == "0");
    CHECK(only_value(letter, "streamer.tenant") == "acme");
    CHECK(only_value(letter, "streamer.dlq.exception") == "db::busy");
    CHECK(only_value(letter, "__dlq.errors.message") == "database is away");
  }
}

} // namespace
} // namespace streamer
