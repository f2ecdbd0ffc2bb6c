#pragma once

#include <chrono>
#include <cstddef>

namespace streamer {

/// How many requests a service is given at once, found from how long they take, after TCP Vegas
/// (Brakmo and Peterson, 1995). What takes longer than it does when the service is hardly busy is
/// time in the service's queue; the limit grows while that queue is short, and shrinks when it is
/// long, or when requests fail as they do when there are too many. So that a slow hour is not taken
/// for the service's nature, it looks again from time to time at what a request takes when there
/// are fewer. A plain value of one thread.
class concurrency_limit {
 public:
  /// Between 1 and `most`; `first` to begin with.
  concurrency_limit(std::size_t first, std::size_t most);

  /// Requests that may run now.
  [[nodiscard]] std::size_t value() const;

  /// A request was answered after `took`; with it `running` were running.
  void answered(std::chrono::nanoseconds took, std::size_t running);
  /// A request had no answer in time, or was told to come later: once for all of about the same
  /// time.
  void turned_away();

  /// Answers that are looked at together; more when more may run.
  static constexpr std::size_t shortest_round = 16;
  /// So many rounds pass between two looks at the quiet time.
  static constexpr int rounds_between_looks = 60;

 private:
  void end_round();
  void judge(double mean);

  double limit_;
  double most_;
  double quiet_ = 0; // ns; the shortest mean of a round, 0: not known
  double sum_ = 0;   // ns, of the round
  std::size_t count_ = 0;
  std::size_t busiest_ = 0;
  bool turned_away_ = false;
  int rounds_ = 0;
  bool looking_ = false; // half of the limit, to see the quiet time again
};

} // namespace streamer
