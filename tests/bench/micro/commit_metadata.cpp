#include "actors/consumer/commit_metadata.hpp"
#include "tests/bench/micro/measure.hpp"

#include <catch2/catch_test_macros.hpp>

namespace streamer::bench {
namespace {

constexpr metadata_scope scope{"Zk1xV2h0QoWm3Xl6b1Y9pA", "events", partition_id{3},
                               offset_id{1'000'000}};

commit_metadata some(std::size_t failing, std::size_t ranges) {
  commit_metadata data;
  auto offset = scope.base.value();
  for (std::size_t i = 0; i < failing; ++i, offset += 7) {
    data.failing.push_back(
        {offset_id{offset}, 3, 1'700'000'000'000 + offset, std::chrono::milliseconds{1'500}});
  }
  for (std::size_t i = 0; i < ranges; ++i, offset += 20) {
    data.finished.push_back({offset_id{offset}, offset_id{offset + 12}});
  }
  return data;
}

void both(const std::string& what, const commit_metadata& data) {
  measure("commit metadata: encode " + what, 1,
          [&data] { return encode(data, scope).text.size(); });
  const auto text = encode(data, scope).text;
  // All of it fits, so it is what is measured.
  REQUIRE(decode(text, scope).data.failing.size() == data.failing.size());
  REQUIRE(decode(text, scope).data.finished.size() == data.finished.size());
  measure("commit metadata: decode " + what, 1,
          [&text] { return decode(text, scope).data.finished.size(); });
}

TEST_CASE("commit metadata") {
  both("3 failing records, 10 ranges", some(3, 10));
  both("100 failing records, 500 ranges", some(100, 500));
}

} // namespace
} // namespace streamer::bench
