#include "actors/consumer/record_router.hpp"

namespace streamer {

void record_router::expect(assignment_epoch epoch) {
  const std::lock_guard lock{mutex_};
  routes_.try_emplace(epoch);
}

void record_router::add(assignment_epoch epoch, partition_consumer_actor to) {
  const std::lock_guard lock{mutex_};
  routes_.insert_or_assign(epoch, std::move(to));
}

void record_router::remove(assignment_epoch epoch) {
  const std::lock_guard lock{mutex_};
  routes_.erase(epoch);
}

partition_consumer_actor record_router::find(assignment_epoch epoch) const {
  const std::lock_guard lock{mutex_};
  const auto found = routes_.find(epoch);
  return found == routes_.end() ? partition_consumer_actor{} : found->second;
}

std::vector<assignment_epoch> record_router::epochs() const {
  const std::lock_guard lock{mutex_};
  std::vector<assignment_epoch> result;
  for (const auto& [epoch, to] : routes_) {
    result.push_back(epoch);
  }
  return result;
}

} // namespace streamer
