#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace streamer {

/// Travels with a message and calls back if the message is destroyed before its actor has read it:
/// what is in the mailbox of an actor that ends is told to nobody else. Thread-safe.
class unread_guard {
 public:
  unread_guard(const unread_guard&) = delete;
  unread_guard& operator=(const unread_guard&) = delete;
  virtual ~unread_guard() = default;

  /// The message has been read: its reader answers for what it held.
  void read() { read_.store(true, std::memory_order_release); }

 protected:
  unread_guard() = default;
  [[nodiscard]] bool was_read() const { return read_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> read_{false};
};

/// A guard that calls `on_lost()`, at most once, on the thread that destroys the message. One
/// allocation: there is one for every message to a handler.
template <class OnLost>
std::shared_ptr<unread_guard> guard_unread(OnLost on_lost) {
  class guard final : public unread_guard {
   public:
    explicit guard(OnLost call) : on_lost_{std::move(call)} {}
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() override {
      if (!was_read()) {
        on_lost_();
      }
    }

   private:
    OnLost on_lost_;
  };
  return std::make_shared<guard>(std::move(on_lost));
}

} // namespace streamer
