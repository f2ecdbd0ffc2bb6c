#include "tools/load_test/zipf.hpp"

#include <algorithm>
#include <cmath>

namespace streamer::tools {
namespace {

// log(1 + x) / x and (exp(x) - 1) / x lose all digits near 0, which an exponent near 1 leads to.
double log1p_over(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1.0 - x * (0.5 - x / 3.0);
}

double expm1_over(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1.0 + x * 0.5 * (1.0 + x / 3.0);
}

} // namespace

zipf::zipf(std::uint64_t n, double exponent)
    : n_{std::max<std::uint64_t>(1, n)},
      exponent_{exponent},
      from_{integral(1.5) - 1.0},
      to_{integral(static_cast<double>(n_) + 0.5)},
      accepted_{2.0 - inverse_integral(integral(2.5) - density(2.0))} {}

std::uint64_t zipf::operator()(random_source& random) const {
  if (exponent_ <= 0.0) return random.below(n_);
  for (;;) {
    const double drawn = to_ + random.unit() * (from_ - to_);
    const double x = inverse_integral(drawn);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n_));
    if (rank - x <= accepted_ || drawn >= integral(rank + 0.5) - density(rank)) {
      return static_cast<std::uint64_t>(rank) - 1;
    }
  }
}

double zipf::integral(double x) const {
  const double log_x = std::log(x);
  return expm1_over((1.0 - exponent_) * log_x) * log_x;
}

double zipf::density(double x) const { return std::exp(-exponent_ * std::log(x)); }

double zipf::inverse_integral(double x) const {
  const double t = std::max(x * (1.0 - exponent_), -1.0);
  return std::exp(log1p_over(t) * x);
}

} // namespace streamer::tools
