// A record of a redrive lane is told by where it was before, any other by where it is.
#include "actors/dlq/record_origin.hpp"
#include "tests/unit/actors/dlq/dead_letter_fixture.hpp"
#include "tests/unit/messages/record_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <random>
#include <string>

namespace streamer {
namespace {

using fixture::header;
using fixture::only_value;
using fixture::some_facts;

constexpr std::size_t no_limit = 8192;

record_ref in_lane(std::vector<owned_header> headers) {
  record fields;
  fields.offset = offset_id{5};
  fields.timestamp_ms = 2'000;
  fields.kind = timestamp_kind::create_time;
  return {std::make_shared<detached_records>("orders", partition_id{3}, fields, std::move(headers),
                                             "orders.redrive.workers"),
          0};
}

const record_origin original{
    {"orders", partition_id{3}}, offset_id{1'234}, 1'000, timestamp_kind::log_append_time};

TEST_CASE("A place is written and read back") {
  const auto text = encode_origin(original);
  CHECK(text == "orders/3/1234/1000/LogAppendTime");
  CHECK(decode_origin(text) == original);
  const record_origin bare{{"o", partition_id{0}}, offset_id{0}, -1, timestamp_kind::not_available};
  CHECK(decode_origin(encode_origin(bare)) == bare);
}

TEST_CASE("What is no place is none") {
  for (const std::string text :
       {"", "orders", "orders/3", "orders/3/5/1", "/3/5/1/CreateTime", "orders/x/5/1/CreateTime",
        "orders/-1/5/1/CreateTime", "orders/3/-5/1/CreateTime", "orders/3/5/-2/CreateTime",
        "orders/3/5 /1/CreateTime", "orders/99999999999/5/1/CreateTime"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_origin(text));
  }
  CHECK_FALSE(decode_origin(std::string(250, 't') + "/3/5/1/CreateTime"));
  std::mt19937_64 random{901};
  for (int round = 0; round < 5'000; ++round) {
    std::string text(random() % 60, '\0');
    for (auto& c : text) {
      c = "orders/0123456789-/\xff"[random() % 20];
    }
    if (const auto place = decode_origin(text)) {
      CHECK(place->offset.value() >= 0);
    }
  }
}

TEST_CASE("A record that fails again in its lane has its first place in the dead letter") {
  const auto record = in_lane({header("own", "1"), header("streamer.redrive-count", "2"),
                               header("streamer.redriven-from", encode_origin(original))});
  CHECK(origin_of(record) == original);
  const auto letter = make_dead_letter(record, some_facts(), "orders.dlq", no_limit);
  CHECK(only_value(letter, "__dlq.errors.topic") == "orders");
  CHECK(only_value(letter, "__dlq.errors.partition") == "3");
  CHECK(only_value(letter, "__dlq.errors.offset") == "1234");
  CHECK(only_value(letter, "streamer.original-timestamp") == "1000");
  CHECK(only_value(letter, "streamer.original-timestamp-type") == "LogAppendTime");
  CHECK(only_value(letter, "streamer.redrive-count") == "2");
  CHECK(only_value(letter, "own") == "1");
  CHECK(fixture::values_of(letter, "streamer.redriven-from").empty());
  CHECK(letter.partition_seed == 3);
}

TEST_CASE("A record that somebody put into the lane is told by its place there") {
  for (const auto& headers :
       {std::vector<owned_header>{}, std::vector{header("streamer.redriven-from", "nonsense")},
        std::vector{header("streamer.redriven-from", "users/3/1234/1000/CreateTime")}}) {
    const auto letter = make_dead_letter(in_lane(headers), some_facts(), "orders.dlq", no_limit);
    CHECK(only_value(letter, "__dlq.errors.topic") == "orders.redrive.workers");
    CHECK(only_value(letter, "__dlq.errors.offset") == "5");
  }
}

TEST_CASE("Outside of a lane nobody is believed") {
  const auto record = fixture::make_record(
      {.topic = "orders",
       .partition = 3,
       .offset = 7,
       .headers = {header("streamer.redriven-from", encode_origin(original))}});
  CHECK(origin_of(record).offset == offset_id{7});
}

TEST_CASE("A copy of a lane's record is still one of the lane") {
  const auto copy = detach(in_lane({}));
  CHECK(copy.batch->from_lane());
  CHECK(copy.batch->topic() == "orders");
  CHECK(copy.batch->stored_topic() == "orders.redrive.workers");
}

} // namespace
} // namespace streamer
