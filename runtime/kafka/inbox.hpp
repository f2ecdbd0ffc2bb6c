#pragma once

#include "runtime/threads/wakeup.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace streamer {

/// What other threads leave for one thread to do, in order. Its flag is raised when the first item
/// arrives; a burst costs one system call.
template <class T>
class inbox {
 public:
  /// Any thread.
  void put(T item) {
    const std::lock_guard lock{mutex_};
    items_.push_back(std::move(item));
    if (items_.size() == 1) {
      flag_.raise();
    }
  }

  /// Everything that has arrived. For the one thread; `taken` lends its memory.
  void take(std::vector<T>& taken) {
    taken.clear();
    const std::lock_guard lock{mutex_};
    taken.swap(items_);
  }

  /// Raises the flag without an item. Any thread.
  void poke() const noexcept { flag_.raise(); }

  [[nodiscard]] const wakeup& flag() const { return flag_; }

 private:
  wakeup flag_;
  std::mutex mutex_;
  std::vector<T> items_;
};

} // namespace streamer
