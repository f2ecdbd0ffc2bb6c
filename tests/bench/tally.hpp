// What the worker's handlers have done so far, without a cost that would be theirs alone.
#pragma once

#include "tests/bench/run_result.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace streamer::bench {

/// Counts per thread. A cache line each: to share one would be the handler's own cost. Only its
/// thread writes, so that no addition has to be atomic.
class tally {
 public:
  /// More threads than any handler here has.
  static constexpr std::size_t most_threads = 512;

  /// One record is done, on the calling thread.
  void add(std::uint64_t sum) {
    thread_local slot& mine = slots_.at(threads_.fetch_add(1));
    const auto before = mine.records.load(std::memory_order_relaxed);
    if (before == 0) {
      mine.first.store(clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    }
    mine.checksum.store(mine.checksum.load(std::memory_order_relaxed) + sum,
                        std::memory_order_relaxed);
    // Whoever sees the count sees the sum.
    mine.records.store(before + 1, std::memory_order_release);
  }

  /// All of them; `first` is set if there are records.
  [[nodiscard]] run_result so_far() const {
    run_result result;
    auto first = clock::time_point::max();
    for (const auto& s : slots_) {
      if (const auto records = s.records.load(std::memory_order_acquire); records > 0) {
        result.records += records;
        result.checksum += s.checksum.load(std::memory_order_relaxed);
        first = std::min(first, clock::time_point{clock::duration{s.first.load()}});
      }
    }
    result.first = first;
    return result;
  }

  /// The one of the process: a thread counts for itself, whoever calls it.
  [[nodiscard]] static tally& of_process() {
    static tally all;
    return all;
  }

 private:
  tally() = default;

  struct alignas(64) slot {
    std::atomic<std::uint64_t> records{0};
    std::atomic<std::uint64_t> checksum{0};
    std::atomic<clock::rep> first{0};
  };
  std::array<slot, most_threads> slots_;
  std::atomic<std::size_t> threads_{0};
};

} // namespace streamer::bench
