// In which order dead letters are sent.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <numeric>
#include <random>

#include "tools/redrive/key_order.hpp"

namespace streamer::tools {
namespace {

planned_letter letter(std::int64_t at, std::uint64_t lane, std::int64_t source_offset) {
  return {offset_id{at}, offset_id{source_offset}, lane};
}

/// The DLQ offsets in the order in which they are sent.
std::vector<std::int64_t> sent(const std::vector<planned_letter>& letters) {
  order_buffer<std::int64_t> buffer;
  std::vector<std::int64_t> ready;
  for (const auto& step : plan_steps(letters))
    buffer.take(step, step.at.value(), 10, ready);
  buffer.finish(ready);
  CHECK(buffer.held_bytes() == 0);
  return ready;
}

using offsets = std::vector<std::int64_t>;

TEST_CASE("letters that lie in their order are sent as they lie") {
  CHECK(sent({letter(1, 7, 10), letter(2, 8, 5), letter(5, 7, 11), letter(9, 8, 6)}) ==
        offsets{1, 2, 5, 9});
}

TEST_CASE("a letter waits for an earlier record of its key, other keys do not") {
  CHECK(sent({letter(1, 7, 12), letter(2, 8, 5), letter(3, 7, 11), letter(4, 7, 13)}) ==
        offsets{2, 3, 1, 4});
  CHECK(sent({letter(1, 7, 13), letter(2, 7, 12), letter(3, 7, 11)}) == offsets{3, 2, 1});
}

TEST_CASE("what has no key, or whose place is unknown, waits for nothing") {
  CHECK(sent({letter(1, 0, 12), letter(2, 0, 5)}) == offsets{1, 2});
  CHECK(sent({letter(1, 7, -1), letter(2, 7, 5), letter(3, 7, -1)}) == offsets{1, 2, 3});
}

TEST_CASE("a letter that is gone when its turn comes does not hold the others for ever") {
  const auto steps = plan_steps({letter(1, 7, 12), letter(3, 7, 11)});
  order_buffer<int> buffer;
  std::vector<int> ready;
  buffer.take(steps[0], 1, 10, ready);
  CHECK(ready.empty());
  CHECK(buffer.held_bytes() == 10);
  buffer.finish(ready);
  CHECK(ready == std::vector<int>{1});
}

TEST_CASE("whatever the order of the dead letters, that of each key is the source's") {
  const std::uint64_t seed = GENERATE(31U, 32U, 33U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  std::vector<std::int64_t> source(300);
  std::iota(source.begin(), source.end(), 0);
  std::shuffle(source.begin(), source.end(), random);
  std::vector<planned_letter> letters;
  std::map<std::int64_t, std::size_t> index;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto offset = static_cast<std::int64_t>(2 * i);
    letters.push_back(letter(offset, 1 + static_cast<std::uint64_t>(source[i]) % 9, source[i]));
    index[offset] = i;
  }
  const auto order = sent(letters);
  REQUIRE(order.size() == letters.size());
  std::map<std::uint64_t, std::int64_t> last;
  for (const auto at : order) {
    const auto& sent_now = letters[index.at(at)];
    const auto [place, fresh] = last.try_emplace(sent_now.lane, -1);
    REQUIRE(place->second < sent_now.source_offset.value());
    place->second = sent_now.source_offset.value();
  }
}

TEST_CASE("a record is newer if its key has it behind the dead letter's, in the same partition") {
  const topic_partition source{"events", partition_id{3}};
  const topic_partition other{"events", partition_id{4}};
  const auto of = [&](const char* key, std::int64_t offset) {
    return letter(1, order_lane(source, key), offset);
  };
  newest_records newest;
  newest.ask(source, of("a", 10));
  newest.ask(source, of("b", 4));
  newest.ask(source, of("c", 20));
  CHECK(newest.begins() == std::map<topic_partition, offset_id>{{source, offset_id{5}}});
  newest.see(source, "a", offset_id{11});
  newest.see(source, "b", offset_id{4});
  newest.see(other, "c", offset_id{99});
  newest.see(source, "unasked", offset_id{99});
  CHECK(newest.is_newer_than(of("a", 10)));
  CHECK_FALSE(newest.is_newer_than(of("a", 11)));
  CHECK_FALSE(newest.is_newer_than(of("b", 4)));
  CHECK_FALSE(newest.is_newer_than(of("c", 20)));
}

} // namespace
} // namespace streamer::tools
