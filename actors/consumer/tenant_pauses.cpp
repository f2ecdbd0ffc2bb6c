#include "actors/consumer/tenant_pauses.hpp"

#include <utility>

namespace streamer {

tenant_pauses::answer tenant_pauses::pause(const std::string& tenant, operator_pause what) {
  const std::lock_guard lock{mutex_};
  if (paused_.contains(tenant)) {
    return answer::was_so;
  }
  if (paused_.size() >= most_) {
    return answer::full;
  }
  paused_.emplace(tenant, std::move(what));
  version_.fetch_add(1, std::memory_order_release);
  return answer::done;
}

tenant_pauses::answer tenant_pauses::resume(std::string_view tenant) {
  const std::lock_guard lock{mutex_};
  const auto found = paused_.find(tenant);
  if (found == paused_.end()) {
    return answer::was_so;
  }
  paused_.erase(found);
  version_.fetch_add(1, std::memory_order_release);
  return answer::done;
}

bool tenant_pauses::contains(std::string_view tenant) const {
  const std::lock_guard lock{mutex_};
  return paused_.contains(tenant);
}

tenant_pauses::pauses tenant_pauses::all() const {
  const std::lock_guard lock{mutex_};
  return paused_;
}

} // namespace streamer
