// Keys of unequal popularity.
#pragma once

#include <cstdint>

#include "tools/load_test/random.hpp"

namespace streamer::tools {

/// Draws ranks 0 … n-1 where rank k has a probability proportional to 1 / (k + 1)^exponent, by
/// rejection-inversion (Hörmann and Derflinger, 1996): constant time and memory for any n. An
/// exponent of 0 is the uniform distribution.
class zipf {
 public:
  /// `n` at least 1, `exponent` at least 0.
  zipf(std::uint64_t n, double exponent);

  [[nodiscard]] std::uint64_t operator()(random_source& random) const;

 private:
  [[nodiscard]] double integral(double x) const;
  [[nodiscard]] double density(double x) const;
  [[nodiscard]] double inverse_integral(double x) const;

  std::uint64_t n_;
  double exponent_;
  double from_;
  double to_;
  double accepted_;
};

} // namespace streamer::tools
