#include "runtime/kafka/route_table.hpp"

#include <atomic>
#include <utility>

namespace streamer {
namespace {

// Unique in the process, also across clients: an acknowledgement can outlive the client that it
// belongs to.
assignment_epoch fresh_epoch() {
  static std::atomic<std::uint64_t> last{0};
  return assignment_epoch{last.fetch_add(1) + 1};
}

} // namespace

route& route_table::add(topic_partition tp, committed_position committed, std::string lane_source) {
  const auto epoch = fresh_epoch();
  auto added = std::make_unique<route>();
  added->tp = std::move(tp);
  added->epoch = epoch;
  added->lane_source = std::move(lane_source);
  added->committed = std::move(committed);
  added->since = std::chrono::steady_clock::now();
  auto& result = *added;
  by_name_[result.tp] = &result;
  known_.clear();
  routes_.emplace(epoch, std::move(added));
  return result;
}

void route_table::remove(assignment_epoch epoch) {
  const auto found = routes_.find(epoch);
  if (found == routes_.end()) {
    return;
  }
  by_name_.erase(found->second->tp);
  known_.clear();
  routes_.erase(found);
}

route* route_table::find(assignment_epoch epoch) {
  const auto found = routes_.find(epoch);
  return found == routes_.end() ? nullptr : found->second.get();
}

route* route_table::find(const topic_partition& tp) {
  const auto found = by_name_.find(tp);
  return found == by_name_.end() ? nullptr : found->second;
}

// The library may free a topic and reuse its address, hence the emptying with every change above:
// while nothing changes, the topics that are read live.
route* route_table::find(const void* topic, const char* name, partition_id partition) {
  if (partition.value() < 0) {
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(partition.value());
  for (const auto& entry : known_) {
    if (entry.topic == topic) {
      return index < entry.by_partition.size() ? entry.by_partition[index] : nullptr;
    }
  }
  auto& entry = known_.emplace_back(known_topic{topic, {}});
  for (const auto& [epoch, owned] : routes_) {
    if (owned->tp.topic == name) {
      const auto own = static_cast<std::size_t>(owned->tp.partition.value());
      if (own >= entry.by_partition.size()) {
        entry.by_partition.resize(own + 1);
      }
      entry.by_partition[own] = owned.get();
    }
  }
  return index < entry.by_partition.size() ? entry.by_partition[index] : nullptr;
}

} // namespace streamer
