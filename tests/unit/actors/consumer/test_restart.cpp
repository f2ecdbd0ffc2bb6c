#include "actors/consumer/commit_metadata.hpp"
#include "actors/consumer/offset_tracker.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <vector>

namespace streamer {
namespace {

constexpr std::int64_t end_of_log = 2000;

// A partition's log with gaps, as compaction leaves it.
std::vector<std::int64_t> random_log(std::mt19937_64& random) {
  std::vector<std::int64_t> log;
  for (std::int64_t offset = 0; offset < end_of_log; ++offset) {
    if (random() % 100 < 70) {
      log.push_back(offset);
    }
  }
  return log;
}

struct commit {
  commit_point at;
  std::string metadata;
};

metadata_scope scope_at(offset_id base) { return {"cluster", "orders", partition_id{0}, base}; }

// Owners follow one another, each from the last one's commit, until the log is done. What is
// finished when an owner commits is told with `limit` bytes.
struct owner_chain {
  std::mt19937_64 random;
  std::size_t limit = default_metadata_limit;
  std::set<std::int64_t> processed = {};
  std::size_t repeats_of_committed = 0;
  std::size_t dropped = 0;

  std::optional<commit> own(const std::vector<std::int64_t>& log,
                            const std::optional<commit>& from) {
    std::optional<commit_point> committed;
    decoded_metadata said;
    if (from) {
      committed = from->at;
      said = decode(from->metadata, scope_at(from->at.offset));
      REQUIRE(
          (said.verdict == metadata_verdict::usable || said.verdict == metadata_verdict::absent));
    }
    offset_tracker tracker{committed, said.data.finished};
    const auto start = committed ? committed->offset.value() : 0;
    auto at = std::lower_bound(log.begin(), log.end(), start);
    std::vector<std::pair<slot_id, std::int64_t>> in_hand;
    const auto until_crash = random() % 900 + 50;
    for (std::size_t step = 0; step < until_crash; ++step) {
      if (at != log.end() && in_hand.size() < 200 && random() % 2 == 0) {
        const auto receipt = tracker.receive(offset_id{*at}, 1);
        REQUIRE(receipt != offset_tracker::receipt::stale);
        if (receipt == offset_tracker::receipt::fresh) {
          repeats_of_committed += processed.contains(*at) ? 1U : 0U;
          in_hand.emplace_back(tracker.last_slot(), *at);
        } else {
          // Work that nobody did must not be passed over.
          REQUIRE(processed.contains(*at));
        }
        ++at;
      } else if (!in_hand.empty()) {
        const auto i = random() % in_hand.size();
        REQUIRE(tracker.finish(in_hand[i].first));
        processed.insert(in_hand[i].second);
        in_hand[i] = in_hand.back();
        in_hand.pop_back();
      } else if (at == log.end()) {
        tracker.reach_end(offset_id{end_of_log});
      }
    }
    const auto frontier = tracker.frontier();
    if (!frontier) {
      return from;
    }
    const auto lost = std::find_if(log.begin(), log.end(), [&](std::int64_t offset) {
      return offset < frontier->offset.value() && !processed.contains(offset);
    });
    REQUIRE(lost == log.end());
    const auto encoded =
        encode({{}, tracker.finished_beyond(SIZE_MAX)}, scope_at(frontier->offset), limit);
    dropped += encoded.dropped_ranges;
    return commit{*frontier, encoded.text};
  }
};

TEST_CASE("From commit to commit nothing is lost and nothing that was committed is repeated") {
  const std::uint64_t seed = GENERATE(201U, 202U, 203U, 204U, 205U, 206U);
  CAPTURE(seed);
  owner_chain chain{std::mt19937_64{seed}};
  const auto log = random_log(chain.random);
  std::optional<commit> last;
  for (int owners = 0; owners < 200; ++owners) {
    last = chain.own(log, last);
  }
  REQUIRE(last.has_value());
  CHECK(last->at.offset == offset_id{end_of_log});
  CHECK(last->metadata.empty());
  CHECK(chain.processed == std::set<std::int64_t>(log.begin(), log.end()));
  CHECK(chain.dropped == 0);
  CHECK(chain.repeats_of_committed == 0);
}

TEST_CASE("Metadata without room costs duplicates after a restart, never a loss or a stall") {
  const std::uint64_t seed = GENERATE(211U, 212U, 213U);
  CAPTURE(seed);
  owner_chain chain{std::mt19937_64{seed}, 48};
  const auto log = random_log(chain.random);
  std::optional<commit> last;
  for (int owners = 0; owners < 400; ++owners) {
    last = chain.own(log, last);
  }
  REQUIRE(last.has_value());
  CHECK(last->at.offset == offset_id{end_of_log});
  CHECK(chain.processed == std::set<std::int64_t>(log.begin(), log.end()));
  CHECK(chain.dropped > 0);
  CHECK(chain.repeats_of_committed > 0);
}

} // namespace
} // namespace streamer
