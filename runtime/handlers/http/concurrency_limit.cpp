#include "runtime/handlers/http/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>

namespace streamer {
namespace {

// Of the requests that run, so many may be waiting in the service's queue: with fewer the limit
// grows, with more it shrinks. The first number counts where few run, the share where many do and a
// mean's own scatter would look like a queue.
constexpr double short_queue = 2;
constexpr double short_queue_share = 0.1;
constexpr double long_queue = 4;
constexpr double long_queue_share = 0.2;
constexpr double cut_when_turned_away = 0.7;

} // namespace

concurrency_limit::concurrency_limit(std::size_t first, std::size_t most)
    : limit_{static_cast<double>(std::clamp<std::size_t>(first, 1, most))},
      most_{static_cast<double>(most)} {}

std::size_t concurrency_limit::value() const {
  const auto now = looking_ ? limit_ / 2 : limit_;
  return std::max<std::size_t>(1, static_cast<std::size_t>(now));
}

void concurrency_limit::answered(std::chrono::nanoseconds took, std::size_t running) {
  sum_ += static_cast<double>(took.count());
  busiest_ = std::max(busiest_, running);
  if (++count_ >= std::max(shortest_round, value())) {
    end_round();
  }
}

void concurrency_limit::turned_away() {
  // The others of the round were sent before it was known.
  if (!turned_away_) {
    turned_away_ = true;
    limit_ = std::max(1.0, limit_ * cut_when_turned_away);
  }
}

void concurrency_limit::end_round() {
  const auto mean = sum_ / static_cast<double>(count_);
  if (looking_) {
    quiet_ = mean;
    looking_ = false;
  } else {
    judge(mean);
    if (++rounds_ >= rounds_between_looks) {
      rounds_ = 0;
      looking_ = true;
    }
  }
  sum_ = 0;
  count_ = 0;
  busiest_ = 0;
  turned_away_ = false;
}

void concurrency_limit::judge(double mean) {
  quiet_ = quiet_ == 0 ? mean : std::min(quiet_, mean);
  if (turned_away_) {
    return;
  }
  const auto queue = limit_ * (1 - quiet_ / mean);
  const auto step = std::max(1.0, std::log2(limit_));
  if (queue > std::max(long_queue, limit_ * long_queue_share)) {
    limit_ = std::max(1.0, limit_ - step);
  } else if (queue < std::max(short_queue, limit_ * short_queue_share) &&
             static_cast<double>(busiest_) * 2 > limit_) {
    // Not for one that is not used: it says nothing of what the service bears.
    limit_ = std::min(most_, limit_ + step);
  }
}

} // namespace streamer
