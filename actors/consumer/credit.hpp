#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace streamer {

/// Most that the whole process may hold at a time.
struct credit_limits {
  std::int64_t records = 10'000;
  std::int64_t bytes = 128LL << 20;
};

/// Process-wide credit in records and bytes: the only bound on mailboxes.
///
/// The consumer thread takes credit for what it hands over, and stops asking
/// for records when there is none; partition consumers give it back as records
/// finish. Everything counts while it is unfinished: queued, in a handler,
/// waiting for a retry, for the DLQ or for an output's acknowledgement.
/// Thread-safe. One poll may overdraw by what it returned.
class credit_pool {
 public:
  explicit credit_pool(credit_limits limits) : limits_{limits} {}

  /// Called once, before any other thread uses the pool: how to wake the
  /// consumer thread. `wake` must be callable from any thread and not block.
  void on_available(std::function<void()> wake) { wake_ = std::move(wake); }

  /// Records that may be asked for now; 0 when either limit is reached.
  [[nodiscard]] std::int64_t available() const {
    if (bytes_.load(std::memory_order_relaxed) >= limits_.bytes) {
      return 0;
    }
    const auto left = limits_.records - records_.load(std::memory_order_relaxed);
    return left > 0 ? left : 0;
  }

  void take(std::int64_t records, std::int64_t bytes) {
    records_.fetch_add(records, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  /// Gives credit back. Wakes the consumer thread when it had run out (see `starve`).
  void give(std::int64_t records, std::int64_t bytes);

  /// The consumer thread is about to sleep for want of credit. Returns false if
  /// credit has come back meanwhile, so that it must not sleep.
  [[nodiscard]] bool starve();

  [[nodiscard]] std::int64_t held_records() const {
    return records_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::int64_t held_bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] const credit_limits& limits() const { return limits_; }

 private:
  [[nodiscard]] bool worth_waking() const;

  const credit_limits limits_;
  std::function<void()> wake_;
  std::atomic<std::int64_t> records_{0};
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<bool> starved_{false};
};

} // namespace streamer
