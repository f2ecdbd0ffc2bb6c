#pragma once

#include "messages/actor_messages.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace streamer {

/// Which partition consumer takes the records of which assignment epoch: the way
/// from the source's thread into the actors. Thread-safe.
class record_router {
 public:
  /// The source has announced an epoch; nobody takes its records yet.
  void expect(assignment_epoch epoch);
  void add(assignment_epoch epoch, partition_consumer_actor to);
  void remove(assignment_epoch epoch);
  /// Null if the epoch is over.
  [[nodiscard]] partition_consumer_actor find(assignment_epoch epoch) const;
  /// All epochs announced and not removed, with somebody to take their records or not.
  [[nodiscard]] std::vector<assignment_epoch> epochs() const;

 private:
  mutable std::mutex mutex_;
  std::map<assignment_epoch, partition_consumer_actor> routes_;
};

} // namespace streamer
