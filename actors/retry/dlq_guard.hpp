#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "messages/outcome.hpp"

namespace streamer {

/// When the DLQ guard holds, and how it finds out that it may stop (`dlq.guard*`).
struct guard_limits {
  double share = 0.5;                       ///< of the recent outcomes, that failed in one way
  std::chrono::milliseconds window{60'000}; ///< older failures say nothing
  std::size_t sample = 20;                  ///< failures that are looked at; fewer never trip
  std::chrono::milliseconds first_probe{1'000};
  std::chrono::milliseconds longest_pause{10'000}; ///< between two probes
  std::uint32_t probes_to_resume = 3;              ///< successful ones, in a row
};

/// What tripped the guard, for the alarm.
struct guard_alarm {
  std::string failure; ///< the exception's type, or the failure class
  double share = 0;    ///< of the recent outcomes
  std::size_t tenants = 0;
  std::size_t records = 0;
};

/// How many tenants have to fail alike before it is not theirs any more, of those at work: half of
/// them (`share`), but at least three and at most five; both where there are two. One tenant alone
/// cannot be told from poison: never.
[[nodiscard]] std::size_t tenants_of_an_outage(std::size_t at_work, double share);

/// Whether failures of this class can come from an outage: a record that nobody takes, that cannot
/// be read or that its tenant has no room for says nothing about what is behind the handlers.
[[nodiscard]] bool may_be_an_outage(failure_class cause);

/// Tells an outage from poison: many tenants, one kind of failure, a high share of the recent
/// outcomes. While it holds, nothing is dead-lettered, single records probe, and it stops holding
/// when several probes in a row succeed, or when most other records do (half of `share` and less
/// fail). A plain value; `now` must not go backwards.
class dlq_guard {
 public:
  using clock = std::chrono::steady_clock;

  explicit dlq_guard(const guard_limits& limits) : limits_{limits} {}

  /// The successes of the process so far, those of them that came together with the failures to be
  /// told next (0 at a tick), and the tenants at work.
  void observe(std::uint64_t successes, std::uint64_t just_now, std::size_t tenants);

  /// A record would be dead-lettered now. True: hold it instead.
  [[nodiscard]] bool holds(clock::time_point now, std::uint64_t tenant, std::string_view failure);

  /// Whether the failure told last may be the beginning of an outage: a sample of failures with few
  /// successes among them, of however few tenants. What others do is worth waiting for.
  [[nodiscard]] bool suspects() const;

  /// Set when the last call of `holds` tripped the guard; taken once.
  [[nodiscard]] std::optional<guard_alarm> take_alarm();

  [[nodiscard]] bool holding() const { return holding_; }

  /// Whether one held record is to be attempted now.
  [[nodiscard]] bool probe_due(clock::time_point now) const;
  void probe_started();
  /// The probe ended without an answer: its partition has left.
  void probe_lost();
  void probe_failed(clock::time_point now);
  void probe_succeeded(clock::time_point now);

  /// To be called now and then while it holds. True: it has just ceased to hold, since most records
  /// succeed again.
  bool resume_if_others_succeed(clock::time_point now);

 private:
  struct failure_seen {
    clock::time_point at;
    std::uint64_t successes_before;
    std::uint64_t tenant;
    std::string failure;
  };

  struct failure_time {
    clock::time_point at;
    std::uint64_t successes_before;
  };

  void remember(failure_seen seen);
  void forget_old(clock::time_point now);
  [[nodiscard]] std::optional<guard_alarm> outage() const;
  [[nodiscard]] std::uint64_t successes_meanwhile() const;
  void resume();

  guard_limits limits_;
  std::deque<failure_seen> recent_; // oldest first, at most `sample`, at most half of one tenant
  std::deque<failure_time> latest_; // the same number, of whatever tenants
  std::uint64_t successes_ = 0;
  std::uint64_t successes_before_ = 0; // without those that came with the failures
  std::uint64_t successes_at_trip_ = 0;
  std::size_t tenants_ = 0;
  std::optional<guard_alarm> alarm_;
  bool holding_ = false;
  bool probing_ = false;
  clock::time_point next_probe_;
  std::chrono::milliseconds pause_{0};
  std::uint32_t passed_ = 0; // probes in a row
};

} // namespace streamer
