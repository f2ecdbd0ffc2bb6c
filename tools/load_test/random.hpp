// The random source of generated load: small, fast, and the same on every machine for one seed.
#pragma once

#include <cstdint>

namespace streamer::tools {

/// splitmix64.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_{seed} {}

  [[nodiscard]] std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  /// In [0, 1).
  [[nodiscard]] double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  /// In [0, bound); bound at least 1. The bias is below bound / 2^64.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

/// A seed that differs from run to run.
[[nodiscard]] std::uint64_t fresh_seed();

} // namespace streamer::tools
