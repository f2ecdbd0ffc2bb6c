#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace streamer {

/// Travels with a message and calls back if the message is destroyed before its actor has read it:
/// what is in the mailbox of an actor that ends is told to nobody else. Thread-safe.
class unread_guard {
 public:
  /// `on_lost` is called at most once, on the thread that destroys the message.
  explicit unread_guard(std::function<void()> on_lost) : on_lost_{std::move(on_lost)} {}
  unread_guard(const unread_guard&) = delete;
  unread_guard& operator=(const unread_guard&) = delete;
  ~unread_guard() {
    if (!read_.load(std::memory_order_acquire)) {
      on_lost_();
    }
  }

  /// The message has been read: its reader answers for what it held.
  void read() { read_.store(true, std::memory_order_release); }

 private:
  std::function<void()> on_lost_;
  std::atomic<bool> read_{false};
};

} // namespace streamer
