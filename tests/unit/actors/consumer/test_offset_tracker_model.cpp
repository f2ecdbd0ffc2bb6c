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

// The same by scanning everything that ever happened.
class naive_tracker {
 public:
  naive_tracker(std::optional<commit_point> committed, std::set<std::int64_t> done)
      : committed_{committed}, done_{std::move(done)} {
    if (committed) {
      newest_ = committed->offset.value() - 1;
    }
  }

  offset_tracker::receipt receive(std::int64_t offset, std::int32_t epoch) {
    if (newest_ && offset <= *newest_) {
      return offset_tracker::receipt::stale;
    }
    newest_ = offset;
    const bool done = done_.contains(offset);
    seen_.push_back({offset, epoch, done, true, false});
    slots_.push_back(seen_.size() - 1);
    return done ? offset_tracker::receipt::already_done : offset_tracker::receipt::fresh;
  }

  bool finish(std::uint64_t slot) {
    if (slot >= slots_.size() || seen_[slots_[slot]].finished) {
      return false;
    }
    return seen_[slots_[slot]].finished = true;
  }

  void reach_end(std::int64_t position) {
    if (newest_ && position <= *newest_ + 1) {
      return;
    }
    // Only the latest end is remembered where records before an earlier one are unfinished.
    bool passed = true;
    for (auto& s : seen_) {
      passed = passed && s.finished;
      s.forgotten = s.forgotten || (s.is_end() && !passed);
    }
    seen_.push_back({position - 1, -1, true, false, false});
    newest_ = position - 1;
  }

  [[nodiscard]] std::optional<commit_point> frontier() const {
    auto result = committed_;
    for (const auto& s : seen_) {
      if (s.forgotten) {
        continue;
      }
      if (s.is_end()) {
        result = commit_point{offset_id{s.offset + 1}, result ? result->leader_epoch : -1};
        continue;
      }
      if (!s.finished) {
        return result ? *result : commit_point{offset_id{s.offset}, s.epoch};
      }
      result = commit_point{offset_id{s.offset + 1}, s.epoch};
    }
    return result;
  }

  [[nodiscard]] std::size_t unfinished() const {
    return static_cast<std::size_t>(
        std::count_if(seen_.begin(), seen_.end(), [](const auto& s) { return !s.finished; }));
  }

  [[nodiscard]] std::uint64_t behind() const {
    std::uint64_t count = 0;
    for (const auto& s : seen_) {
      if (!s.finished) {
        break;
      }
      count += s.is_record ? 1U : 0U;
    }
    return count;
  }

  [[nodiscard]] std::uint64_t slots() const { return slots_.size(); }
  [[nodiscard]] std::int64_t offset(std::uint64_t slot) const { return seen_[slots_[slot]].offset; }
  [[nodiscard]] bool finished(std::uint64_t slot) const { return seen_[slots_[slot]].finished; }

  /// Offsets that are finished beyond the frontier, as far as records are known to exist.
  [[nodiscard]] std::set<std::int64_t> finished_beyond() const {
    std::set<std::int64_t> result;
    bool beyond = false;
    for (const auto& s : seen_) {
      beyond = beyond || !s.finished;
      if (beyond && s.finished && s.is_record) {
        result.insert(s.offset);
      }
    }
    for (const auto d : done_) {
      if (!newest_ || d > *newest_) {
        result.insert(d);
      }
    }
    return result;
  }

  [[nodiscard]] std::set<std::int64_t> unfinished_offsets() const {
    std::set<std::int64_t> result;
    for (const auto& s : seen_) {
      if (!s.finished) {
        result.insert(s.offset);
      }
    }
    return result;
  }

 private:
  struct sight {
    std::int64_t offset;
    std::int32_t epoch;
    bool finished;
    bool is_record;
    bool forgotten = false;
    [[nodiscard]] bool is_end() const { return !is_record; }
  };
  std::optional<commit_point> committed_;
  std::set<std::int64_t> done_;
  std::optional<std::int64_t> newest_;
  std::vector<sight> seen_;
  std::vector<std::size_t> slots_;
};

std::vector<offset_range> ranges_of(const std::set<std::int64_t>& offsets) {
  std::vector<offset_range> ranges;
  for (const auto o : offsets) {
    if (!ranges.empty() && ranges.back().last.value() + 1 == o) {
      ranges.back().last = offset_id{o};
    } else {
      ranges.push_back({offset_id{o}, offset_id{o}});
    }
  }
  return ranges;
}

void compare(const offset_tracker& tracker, const naive_tracker& naive) {
  REQUIRE(tracker.frontier() == naive.frontier());
  REQUIRE(tracker.unfinished() == naive.unfinished());
  REQUIRE(tracker.behind_frontier() == naive.behind());
  REQUIRE(tracker.next_slot().value() == naive.slots());
  REQUIRE(tracker.finished() == naive.slots() - naive.unfinished());
  const auto oldest = tracker.oldest_unfinished();
  REQUIRE(oldest.has_value() == (naive.unfinished() > 0));
  if (oldest) {
    REQUIRE(tracker.offset_of(*oldest)->value() == *naive.unfinished_offsets().begin());
  }
}

// The ranges may run over offsets that have no record; those that have one must be told exactly.
void compare_ranges(const offset_tracker& tracker, const naive_tracker& naive) {
  const auto told = tracker.finished_beyond(SIZE_MAX);
  const auto within = [&](std::int64_t offset) {
    return std::any_of(told.begin(), told.end(), [&](const auto& r) {
      return r.first.value() <= offset && offset <= r.last.value();
    });
  };
  for (std::size_t i = 0; i < told.size(); ++i) {
    REQUIRE(told[i].first <= told[i].last);
    REQUIRE((i == 0 || told[i - 1].last < told[i].first));
  }
  for (const auto offset : naive.finished_beyond()) {
    REQUIRE(within(offset));
  }
  for (const auto offset : naive.unfinished_offsets()) {
    REQUIRE_FALSE(within(offset));
  }
  for (const std::size_t limit : {0U, 1U, 3U}) {
    const auto nearest = tracker.finished_beyond(limit);
    REQUIRE(nearest.size() == std::min(limit, told.size()));
    REQUIRE(std::equal(nearest.begin(), nearest.end(), told.begin()));
  }
}

TEST_CASE("The tracker agrees with a naive one through thousands of random steps") {
  const std::uint64_t seed = GENERATE(101U, 102U, 103U, 104U, 105U, 106U, 107U, 108U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };

  std::optional<commit_point> committed;
  std::set<std::int64_t> done;
  std::int64_t next = 0;
  if (seed % 4 != 0) {
    next = static_cast<std::int64_t>(random() % 1000);
    committed = commit_point{offset_id{next}, 1};
    for (auto at = next; at < next + 3000; ++at) {
      if (chance(30)) {
        done.insert(at);
      }
    }
  }
  auto shuffled = ranges_of(done);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  offset_tracker tracker{committed, shuffled};
  naive_tracker naive{committed, done};
  compare(tracker, naive);
  compare_ranges(tracker, naive);

  // Phases of filling and of draining, so that the window grows and empties.
  std::int32_t epoch = 1;
  for (int step = 0; step < 3000; ++step) {
    const bool filling = step / 300 % 2 == 0;
    CAPTURE(step);
    if (chance(filling ? 80 : 15)) {
      next += chance(80) ? 1 : static_cast<std::int64_t>(random() % 20);
      epoch += chance(2) ? 1 : 0;
      const auto offset = chance(3) ? next - static_cast<std::int64_t>(random() % 10) : next;
      REQUIRE(tracker.receive(offset_id{offset}, epoch) == naive.receive(offset, epoch));
    } else if (chance(90) && naive.unfinished() > 0) {
      const auto from = tracker.oldest_unfinished()->value();
      const auto span = chance(30) ? 1 : naive.slots() - from;
      const auto slot = from + random() % span;
      REQUIRE(tracker.finish(slot_id{slot}) == naive.finish(slot));
      REQUIRE(tracker.is_finished(slot_id{slot}));
    } else if (chance(30)) {
      const auto slot = random() % (naive.slots() + 2);
      REQUIRE(tracker.finish(slot_id{slot}) == naive.finish(slot));
    } else {
      const auto position = next + static_cast<std::int64_t>(random() % 8);
      tracker.reach_end(offset_id{position});
      naive.reach_end(position);
      next = std::max(next, position);
    }
    compare(tracker, naive);
    if (step % 50 == 0) {
      compare_ranges(tracker, naive);
      for (std::uint64_t slot = 0; slot < naive.slots(); ++slot) {
        REQUIRE(tracker.is_finished(slot_id{slot}) == naive.finished(slot));
        const auto offset = tracker.offset_of(slot_id{slot});
        REQUIRE(offset.has_value() == (slot >= naive.behind()));
        REQUIRE((!offset || offset->value() == naive.offset(slot)));
      }
    }
  }
}

} // namespace
} // namespace streamer
