#include "runtime/handlers/http/concurrency_limit.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>

using namespace streamer;
using std::chrono::microseconds;

namespace {

/// A service that bears so many requests at once: more of them stand in its queue.
class service {
 public:
  service(double bears, double quiet_us) : bears_{bears}, quiet_us_{quiet_us} {}

  /// Keeps as many running as the limit allows and `offered` are there, for so many answers.
  void serve(concurrency_limit& limit, int answers, std::size_t offered = 1'000'000) {
    for (int i = 0; i < answers; ++i) {
      const auto running = std::min(limit.value(), offered);
      const auto busy = std::max(1.0, static_cast<double>(running) / bears_);
      std::uniform_real_distribution<double> scatter{0.9, 1.1};
      limit.answered(microseconds{static_cast<std::int64_t>(quiet_us_ * busy * scatter(random_))},
                     running);
    }
  }
  void becomes(double bears, double quiet_us) {
    bears_ = bears;
    quiet_us_ = quiet_us;
  }

 private:
  double bears_;
  double quiet_us_;
  std::mt19937_64 random_{7};
};

bool between(std::size_t value, std::size_t least, std::size_t most) {
  CAPTURE(value, least, most);
  return value >= least && value <= most;
}

} // namespace

TEST_CASE("The limit finds what a service bears, whether that is little or much") {
  for (const double bears : {3.0, 20.0, 150.0}) {
    service s{bears, 5'000};
    concurrency_limit limit{4, 256};
    s.serve(limit, 100'000);
    CAPTURE(bears);
    // A short queue is wanted: it keeps the service busy.
    CHECK(between(limit.value(), static_cast<std::size_t>(bears * 0.8),
                  static_cast<std::size_t>(bears * 1.35 + 5)));
  }
}

TEST_CASE("A service that bears all of it gets the most there may be, and no more") {
  service s{100'000, 1'000};
  concurrency_limit limit{4, 64};
  s.serve(limit, 20'000);
  CHECK(between(limit.value(), 32, 64)); // half of it while it looks at the quiet time
}

TEST_CASE("A limit that is not used does not grow") {
  service s{100'000, 1'000};
  concurrency_limit limit{4, 256};
  s.serve(limit, 50'000, 3);
  CHECK(limit.value() <= 7);
}

TEST_CASE("A service that bears less than before is found out") {
  service s{100, 5'000};
  concurrency_limit limit{4, 256};
  s.serve(limit, 100'000);
  REQUIRE(limit.value() >= 40);
  s.becomes(10, 5'000);
  s.serve(limit, 100'000);
  CHECK(between(limit.value(), 4, 20));
}

TEST_CASE("A service that is slower by nature is not starved for it") {
  service s{100, 5'000};
  concurrency_limit limit{4, 256};
  s.serve(limit, 100'000);
  s.becomes(100, 50'000);
  s.serve(limit, 300'000);
  CHECK(between(limit.value(), 40, 140));
}

TEST_CASE("Being turned away counts once for the requests of one time, and never below one") {
  concurrency_limit limit{100, 256};
  for (int i = 0; i < 50; ++i) {
    limit.turned_away();
  }
  CHECK(limit.value() == 70);
  for (int round = 0; round < 100; ++round) {
    limit.turned_away();
    for (std::size_t i = 0; i < 300; ++i) {
      limit.answered(microseconds{1'000}, limit.value());
    }
  }
  CHECK(limit.value() >= 1);
}
