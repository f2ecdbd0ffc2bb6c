// What a dead letter is sent as, and when it is not.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/tools/redrive_fixture.hpp"
#include "tools/redrive/redriven_record.hpp"

namespace streamer::tools {
namespace {

using fixture::dead_lettered;
using fixture::header;
using fixture::original;
using fixture::stored;

redrive_rule rule_of_workers() {
  redrive_rule rule;
  rule.group = "workers";
  rule.max_redrives = 5;
  rule.is_input = [](const std::string& topic) { return topic == "events"; };
  return rule;
}

std::string topic_of(const record_ref& record, const redrive_rule& rule = rule_of_workers()) {
  const auto found = source_topic_of(read_dead_letter(record), rule);
  const auto* const topic = std::get_if<std::string>(&found);
  return topic == nullptr ? std::string{} : *topic;
}

std::optional<left_because> refusal(const record_ref& record,
                                    const redrive_rule& rule = rule_of_workers()) {
  const auto found = source_topic_of(read_dead_letter(record), rule);
  const auto* const why = std::get_if<left_because>(&found);
  return why == nullptr ? std::nullopt : std::optional{*why};
}

outbound_event redriven(const record_ref& record, const redrive_form& form) {
  return make_redriven(record, read_dead_letter(record), form);
}

TEST_CASE("a redriven record is the original, and says how often it was redriven") {
  const std::vector<owned_header> own{header("own", "1"), {"null", {}, true}, header("own", "2")};
  const auto letter = dead_lettered(original(own));
  const auto event = redriven(letter, {"events", false, {}});
  CHECK(event.topic == "events");
  CHECK(event.key_bytes().view() == std::string_view{"k\0k", 3});
  CHECK(event.value_bytes().view() == std::string_view{"\xff\xfe", 2});
  CHECK(event.partition_seed == 7);
  auto expected = own;
  expected.push_back(header("streamer.redrive-count", "1"));
  CHECK(event.headers == expected);
}

TEST_CASE("in a lane it says where it was before, for the next dead letter") {
  const auto letter = dead_lettered(original());
  const auto event = redriven(letter, {"events.redrive.workers", true, {}});
  CHECK(event.headers ==
        std::vector{header("streamer.redrive-count", "1"),
                    header("streamer.redriven-from", "events/7/1234/1000/CreateTime")});
}

TEST_CASE("a round through lane and DLQ again and again changes the count alone") {
  auto letter = dead_lettered(original({header("own", "1")}));
  const auto headers = letter.headers().size();
  for (int round = 1; round <= 4; ++round) {
    const auto event = redriven(letter, {"events.redrive.workers", true, {}});
    record fields;
    fields.offset = offset_id{round};
    fields.key = event.key_bytes();
    fields.value = event.value_bytes();
    const record_ref in_lane{
        std::make_shared<detached_records>("events", partition_id{7}, fields, event.headers,
                                           "events.redrive.workers"),
        0};
    letter = dead_lettered(in_lane);
    const auto read = read_dead_letter(letter);
    CHECK(read.redrive_count == round);
    CHECK(source_of(read) == "events[7]@1234");
    CHECK(letter.headers().size() == headers);
  }
}

TEST_CASE("nothing that was added by any configured dialect is left") {
  const dialect_set all{true, true, true, true};
  const auto event =
      redriven(dead_lettered(original({header("own", "1")}), all), {"events", false, all});
  CHECK(event.headers == std::vector{header("own", "1"), header("streamer.redrive-count", "1")});
}

TEST_CASE("a dead letter of another system is read and redriven by its own headers") {
  const auto letter = stored(
      {header("own", "1"), header("kafka_dlt-original-topic", "events"),
       header("kafka_dlt-original-partition", std::string{"\0\0\0\7", 4}),
       header("kafka_dlt-original-offset", std::string{"\0\0\0\0\0\0\0\5", 8}),
       header("kafka_dlt-original-consumer-group", "booking"),
       header("kafka_dlt-exception-message", "no"), header("__connect.errors.topic", "stays")});
  const auto read = read_dead_letter(letter);
  CHECK(read.dialect == header_dialect::spring);
  CHECK(source_of(read) == "events[7]@5");
  CHECK(read.message == "no");
  CHECK(topic_of(letter) == "events");
  const auto event = redriven(letter, {"events", false, {}});
  CHECK(event.partition_seed == 7);
  CHECK(event.headers == std::vector{header("own", "1"), header("__connect.errors.topic", "stays"),
                                     header("streamer.redrive-count", "1")});
}

TEST_CASE("the source topic is the letter's, or the only one that there is") {
  CHECK(topic_of(dead_lettered(original())) == "events");
  const auto bare = stored({header("own", "1")});
  CHECK(refusal(bare) == left_because::no_source);
  auto rule = rule_of_workers();
  rule.only_topic = "events";
  CHECK(topic_of(bare, rule) == "events");
  CHECK_FALSE(redriven(bare, {"events", true, {}}).partition_seed);
  // Of the lane itself: somebody put the record there by hand.
  CHECK(topic_of(stored({header(dlq_header::topic, "events.redrive.workers")})) == "events");
}

TEST_CASE("what is not to be redriven is left, with the reason") {
  auto rule = rule_of_workers();
  rule.group = "others";
  CHECK(refusal(dead_lettered(original()), rule) == left_because::other_group);
  CHECK(refusal(dead_lettered(original({header("streamer.redrive-count", "5")}))) ==
        left_because::too_often);
  CHECK_FALSE(refusal(dead_lettered(original({header("streamer.redrive-count", "4")}))));
  CHECK(refusal(dead_lettered(original(), {}, dead_letter_reason::too_large)) ==
        left_because::only_pointer);
  rule = rule_of_workers();
  rule.is_input = [](const std::string&) { return false; };
  CHECK(refusal(dead_lettered(original()), rule) == left_because::foreign_topic);
  rule = rule_of_workers();
  rule.needs_place = true;
  CHECK_FALSE(refusal(dead_lettered(original()), rule));
  CHECK(refusal(stored({header(dlq_header::topic, "events")}), rule) ==
        left_because::place_unknown);
}

} // namespace
} // namespace streamer::tools
