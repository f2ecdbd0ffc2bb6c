// Which dead letters are resolved, and how that is kept.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>
#include <set>

#include "tools/redrive/resolved_codec.hpp"
#include "tools/redrive/resolved_set.hpp"

namespace streamer::tools {
namespace {

using ranges = std::vector<offset_range>;

offset_id place_at(std::int64_t offset) { return offset_id{offset}; }

resolved_scope some_scope() { return {"cluster", "topic-id", {"events.dlq", partition_id{3}}}; }

TEST_CASE("a set grows from its base over what touches it") {
  resolved_set set;
  set.add(place_at(2), place_at(3));
  set.add(place_at(5));
  CHECK(set.base() == place_at(0));
  CHECK(set.beyond() == ranges{{place_at(2), place_at(3)}, {place_at(5), place_at(5)}});
  set.add(place_at(4));
  CHECK(set.beyond() == ranges{{place_at(2), place_at(5)}});
  set.add(place_at(0), place_at(1));
  CHECK(set.base() == place_at(6));
  CHECK(set.beyond().empty());
  set.add(place_at(9), place_at(8)); // none
  set.add(place_at(3), place_at(4)); // known
  CHECK(set.base() == place_at(6));
}

TEST_CASE("a set behaves as a set of numbers") {
  const std::uint64_t seed = GENERATE(11U, 12U, 13U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  resolved_set set;
  std::set<std::int64_t> model;
  for (int round = 0; round < 400; ++round) {
    const auto first = static_cast<std::int64_t>(random() % 200);
    const auto last = first + static_cast<std::int64_t>(random() % 6) - 1;
    set.add(place_at(first), place_at(last));
    for (auto i = first; i <= last; ++i)
      model.insert(i);
    std::int64_t base = 0;
    while (model.contains(base))
      ++base;
    REQUIRE(set.base() == place_at(base));
    for (std::int64_t i = 0; i < 210; ++i)
      REQUIRE(set.contains(place_at(i)) == model.contains(i));
    const auto beyond = set.beyond();
    for (std::size_t i = 1; i < beyond.size(); ++i)
      REQUIRE(beyond[i].first.value() > beyond[i - 1].last.value() + 1);
    std::int64_t inside = 0;
    for (const auto& range : set.within(place_at(50), place_at(120)))
      inside += range.last.value() - range.first.value() + 1;
    REQUIRE(inside == std::distance(model.lower_bound(50), model.upper_bound(120)));
  }
}

TEST_CASE("what is resolved is committed and read back") {
  resolved_set set{place_at(10), {{place_at(12), place_at(20)}, {place_at(40), place_at(40)}}};
  const auto commit = encode_resolved(set, some_scope());
  CHECK(commit.offset == place_at(10));
  CHECK(commit.windows_left.empty());
  const auto read = decode_resolved(commit.offset, commit.metadata, some_scope());
  CHECK(read.verdict == metadata_verdict::usable);
  CHECK(read.set == set);
  const resolved_set all{place_at(77)};
  const auto whole = encode_resolved(all, some_scope());
  CHECK(decode_resolved(whole.offset, whole.metadata, some_scope()).set == all);
}

TEST_CASE("a commit of another log says nothing, one moved by hand its offset") {
  const resolved_set set{place_at(10), {{place_at(12), place_at(20)}}};
  const auto commit = encode_resolved(set, some_scope());
  auto anew = some_scope();
  anew.topic_id = "another-id";
  CHECK(decode_resolved(commit.offset, commit.metadata, anew).set == resolved_set{});
  const resolved_set bare{place_at(10)};
  const auto nothing_beyond = encode_resolved(bare, some_scope());
  CHECK(decode_resolved(place_at(10), nothing_beyond.metadata, anew).set == resolved_set{});
  auto elsewhere = some_scope();
  elsewhere.cluster_id = "mirror";
  CHECK(decode_resolved(commit.offset, commit.metadata, elsewhere).set == resolved_set{});
  CHECK(decode_resolved(place_at(11), commit.metadata, some_scope()).set == resolved_set{});
  CHECK(decode_resolved(place_at(10), "", some_scope()).set == bare);
}

TEST_CASE("what the metadata has no room for is in windows, and nothing is lost between them") {
  const std::size_t limit = GENERATE(4096U, 500U, 0U);
  const std::uint64_t seed = GENERATE(21U, 22U);
  CAPTURE(limit, seed);
  std::mt19937_64 random{seed};
  resolved_set set{place_at(100)};
  std::int64_t next = 102;
  for (int i = 0; i < 6'000; ++i) {
    const auto length = i % 500 == 0 ? 5'000 : static_cast<std::int64_t>(random() % 3);
    set.add(place_at(next), place_at(next + length));
    next += length + 2 + static_cast<std::int64_t>(random() % 3);
  }
  const auto commit = encode_resolved(set, some_scope(), limit);
  CHECK(commit.metadata.size() <= limit);
  REQUIRE_FALSE(commit.windows_left.empty());
  auto read = decode_resolved(commit.offset, commit.metadata, some_scope()).set;
  for (const auto window : commit.windows_left) {
    const auto text = encode_window(set, window, some_scope());
    CHECK(text.size() <= 4096);
    REQUIRE(add_window(read, text, window, some_scope()));
  }
  CHECK(read == set);
}

TEST_CASE("the fullest window fits, and a window of another log adds nothing") {
  resolved_set set;
  for (std::int64_t i = 1; i < 2 * window_offsets; i += 2)
    set.add(place_at(i));
  const auto text = encode_window(set, 1, some_scope());
  CHECK(text.size() <= 4096);
  resolved_set read;
  REQUIRE(add_window(read, text, 1, some_scope()));
  CHECK(read.beyond().size() == window_offsets / 2);
  auto other = some_scope();
  other.topic_id = "another-id";
  CHECK_FALSE(add_window(read, text, 1, other));
  CHECK_FALSE(add_window(read, text, 0, some_scope()));
  CHECK_FALSE(add_window(read, "s1:AAAA", 1, some_scope()));
  CHECK(encode_window(resolved_set{}, 1, some_scope()).empty());
}

TEST_CASE("a window's key is read back, and what is none is not") {
  const window_place place{{"events.dlq", partition_id{3}}, 17};
  CHECK(window_key(place) == "events.dlq/3/17");
  CHECK(parse_window_key(window_key(place)) == place);
  for (const auto* text : {"", "/", "//", "events.dlq", "events.dlq/3", "events.dlq/3/",
                           "events.dlq/x/1", "events.dlq/3/-1", "/3/1",
                           "events.dlq/3/9223372036854775807", "events.dlq/99999999999/1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_window_key(text));
  }
}

} // namespace
} // namespace streamer::tools
