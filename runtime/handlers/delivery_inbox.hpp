#pragma once

#include "messages/handler.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace streamer {

/// Deliveries on their way from the actors to a handler's thread. Thread-safe.
class delivery_inbox {
 public:
  /// True: it was empty, so the thread has to be woken.
  [[nodiscard]] bool put(std::span<delivery> batch) {
    const std::lock_guard lock{mutex_};
    const bool was_empty = waiting_.empty();
    for (auto& d : batch) {
      waiting_.push_back(std::move(d));
    }
    return was_empty && !waiting_.empty();
  }
  [[nodiscard]] std::vector<delivery> take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<delivery> waiting_;
};

/// The same number for every attempt at one record, so that a further one does not begin before an
/// earlier one has come back.
[[nodiscard]] inline std::uint64_t record_guard(const record_view& r) {
  auto hash = std::hash<std::string>{}(r.ref().batch->stored_topic());
  for (const auto part : {static_cast<std::uint64_t>(r.partition().value()),
                          static_cast<std::uint64_t>(r.offset().value())}) {
    hash ^= part + 0x9e3779b97f4a7c15U + (hash << 6U) + (hash >> 2U);
  }
  return hash;
}

} // namespace streamer
