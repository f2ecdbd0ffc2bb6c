#include "runtime/kafka/revocation.hpp"

#include <utility>

namespace streamer {

revocation::revocation(std::vector<assignment_epoch> leaving, time_point drain_until,
                       time_point commit_until)
    : leaving_{std::move(leaving)},
      draining_{leaving_.begin(), leaving_.end()},
      drain_until_{drain_until},
      commit_until_{commit_until} {}

revocation::step revocation::next(time_point now, bool lost, bool settled) const {
  if (lost) {
    return step::lose;
  }
  if (!draining_.empty() && now < drain_until_) {
    return step::drain;
  }
  if (!settled && now < commit_until_) {
    return step::commit;
  }
  return step::finish;
}

} // namespace streamer
