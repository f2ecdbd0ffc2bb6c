#pragma once

#include "messages/ids.hpp"

#include <chrono>
#include <set>
#include <vector>

namespace streamer {

/// The group takes partitions away: which of them still drain, and when the waiting ends. Pure;
/// time comes in as a value.
class revocation {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What to do about it now.
  enum class step {
    drain,  ///< partitions are still at work
    commit, ///< all are released (or late): commit what they left
    finish, ///< nothing more to wait for: give the partitions up
    lose,   ///< they are someone else's already: commit nothing, give them up
  };

  /// The drain may last until `drain_until`, the commit of what it left until `commit_until`.
  revocation(std::vector<assignment_epoch> leaving, time_point drain_until,
             time_point commit_until);

  /// The epoch has no more work to wait for.
  void released(assignment_epoch epoch) { draining_.erase(epoch); }
  [[nodiscard]] bool waits_for(assignment_epoch epoch) const { return draining_.contains(epoch); }

  /// `lost`: the client has learnt that the assignment is void. `settled`: no commit of the leaving
  /// partitions waits or is on its way.
  [[nodiscard]] step next(time_point now, bool lost, bool settled) const;

  /// When to ask again although nothing happened.
  [[nodiscard]] time_point due() const { return draining_.empty() ? commit_until_ : drain_until_; }
  [[nodiscard]] const std::vector<assignment_epoch>& leaving() const { return leaving_; }
  /// Epochs that have not been released.
  [[nodiscard]] std::vector<assignment_epoch> late() const {
    return {draining_.begin(), draining_.end()};
  }

 private:
  std::vector<assignment_epoch> leaving_;
  std::set<assignment_epoch> draining_;
  time_point drain_until_;
  time_point commit_until_;
};

} // namespace streamer
