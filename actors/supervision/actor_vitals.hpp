#pragma once

#include <caf/telemetry/gauge.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace streamer {

/// What can be told of one actor without asking it: an actor that hangs would not answer. Written
/// by the actor's own thread, and by CAF as to its mailbox; read by any thread.
class actor_vitals {
 public:
  using clock = std::chrono::steady_clock;

  struct reading {
    bool running = false;
    std::int64_t mailbox = 0;          ///< messages not read yet
    std::chrono::nanoseconds at_it{0}; ///< since the message that it is at began
    std::uint64_t handled = 0;         ///< messages since its start
  };

  /// Around a turn: up to as many messages as the scheduler lets an actor have at once.
  [[nodiscard]] std::int64_t turn_begins() {
    const auto now = clock::now().time_since_epoch().count();
    turn_.store(now, std::memory_order_relaxed);
    return now;
  }
  /// Another thread may have begun the next turn already: its mark stays.
  void turn_ends(std::int64_t begun) {
    turn_.compare_exchange_strong(begun, 0, std::memory_order_relaxed);
  }
  /// Around one message of its behaviour.
  void message_begins() {
    message_.store(clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  void message_ends() {
    message_.store(0, std::memory_order_relaxed);
    handled_.store(handled_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  /// CAF counts here what is put into the mailbox and taken out.
  [[nodiscard]] caf::telemetry::int_gauge* mailbox() { return &mailbox_; }
  [[nodiscard]] std::int64_t mailbox_depth() const {
    return std::max<std::int64_t>(0, mailbox_.value());
  }

  [[nodiscard]] reading read(clock::time_point now) const {
    reading r;
    const auto message = message_.load(std::memory_order_relaxed);
    const auto turn = turn_.load(std::memory_order_relaxed);
    r.running = turn != 0;
    r.handled = handled_.load(std::memory_order_relaxed);
    // Answers and what CAF handles itself pass no behaviour: then the turn is all that is known.
    if (r.running) {
      const auto since = clock::time_point{clock::duration{message != 0 ? message : turn}};
      r.at_it = std::max(std::chrono::nanoseconds{0},
                         std::chrono::duration_cast<std::chrono::nanoseconds>(now - since));
    }
    // CAF takes a message out of its count when it is done: the one that it is at is not unread.
    r.mailbox = std::max<std::int64_t>(0, mailbox_.value() - (message != 0 ? 1 : 0));
    return r;
  }

 private:
  std::atomic<std::int64_t> turn_{0};
  std::atomic<std::int64_t> message_{0};
  std::atomic<std::uint64_t> handled_{0};
  caf::telemetry::int_gauge mailbox_;
};

} // namespace streamer
