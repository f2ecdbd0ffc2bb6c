#include "actors/consumer/suspect.hpp"
#include "actors/consumer/suspect_board.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <string>

namespace streamer {
namespace {

record_place at(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  return {{topic, partition_id{partition}}, offset_id{offset}};
}

TEST_CASE("A suspect's key and mark are read as they were written") {
  for (const auto& place : {at("events", 0, 0), at("a.b-c_d", 11, 9'000'000'000'000),
                            at("looks/like/3/4", 2'147'483'647, 7)}) {
    CHECK(parse_mark_key(mark_key(place)) == place);
  }
  CHECK(mark_key(at("events", 3, 17)) == "events/3/17");
  for (const auto& mark :
       {suspect_mark{}, suspect_mark{2, false, {}}, suspect_mark{1, true, "0123456789abcdef"},
        suspect_mark{2, false, "0123456789abcdef", true}}) {
    CHECK(decode_mark(encode_mark(mark)) == mark);
  }
  CHECK(encode_mark({1, true, "p"}) == "v1 1 alone p");
  CHECK(encode_mark({2, false, {}}) == "v1 2 suspect");
  CHECK(encode_mark({1, false, "p", true}) == "v1 1 doubted p");
}

TEST_CASE("What is no key or no mark is not taken for one") {
  for (const char* key : {"", "/", "//", "events", "events/1", "/1/2", "events//2", "events/1/",
                          "events/-1/2", "events/1/-2", "events/1x/2", "events/1/2x",
                          "events/99999999999/2", "events/1/99999999999999999999"}) {
    INFO(key);
    CHECK_FALSE(parse_mark_key(key));
  }
  CHECK_FALSE(parse_mark_key(std::string(300, 'x') + "/1/2"));
  for (const char* text :
       {"", "v1", "v1 1", "v1 1 alone", "v1 1 alone ", "v1 1 alone a b", "v1 1 suspect x",
        "v1 1 doubted", "v1 1 doubted a b", "v1 -1 suspect", "v1 x suspect", "v2 1 suspect",
        "v1 1 other", "v1 99999999999 suspect"}) {
    INFO(text);
    CHECK_FALSE(decode_mark(text));
  }
  CHECK_FALSE(decode_mark("v1 1 alone " + std::string(100, 'x')));
}

TEST_CASE("Random text neither crashes the decoders nor comes out as another text") {
  std::mt19937_64 random{42};
  const std::string alphabet = "v1 /0123456789alonesuspect-\n\t";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, ' ');
    for (auto& c : text) {
      c = alphabet[random() % alphabet.size()];
    }
    if (const auto mark = decode_mark(text)) {
      CHECK(decode_mark(encode_mark(*mark)) == mark);
    }
    if (const auto place = parse_mark_key(text)) {
      CHECK(parse_mark_key(mark_key(*place)) == place);
    }
  }
}

TEST_CASE("The board keeps the suspects of each partition apart and tells of every change") {
  suspect_board board;
  const auto before = board.version();
  board.put(at("events", 1, 5), {});
  board.put(at("events", 1, 3), {1, false, {}});
  board.put(at("events", 2, 4), {});
  board.put(at("other", 1, 9), {});
  CHECK(board.version() > before);
  const auto found = board.of({"events", partition_id{1}});
  REQUIRE(found.size() == 2);
  CHECK(found.begin()->first == offset_id{3});
  CHECK(found.begin()->second.crashes == 1);
  const auto same = board.version();
  board.put(at("events", 1, 5), {});
  CHECK(board.version() == same);
  board.erase(at("events", 1, 5));
  CHECK(board.version() > same);
  CHECK_FALSE(board.find(at("events", 1, 5)));
  CHECK(board.size() == 3);
}

TEST_CASE("A full board drops the suspect that it has had for longest and counts it") {
  suspect_board board{3};
  for (int i = 9; i > 4; --i) {
    board.put(at("events", 0, i), {});
  }
  CHECK(board.size() == 3);
  CHECK(board.dropped() == 2);
  CHECK_FALSE(board.find(at("events", 0, 9)));
  CHECK(board.find(at("events", 0, 5)));
}

} // namespace
} // namespace streamer
