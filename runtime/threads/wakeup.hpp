#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace streamer {

/// A flag that one thread sleeps on and any thread raises (an eventfd). Also what librdkafka writes
/// to when a queue is no longer empty.
class wakeup {
 public:
  wakeup();
  ~wakeup();
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  /// Raises the flag; any thread, never blocks.
  void raise() const noexcept;
  /// Takes the flag down. Call it before looking for the work, or a raise is lost.
  void clear() const noexcept;
  /// Readable while the flag is up; writing eight bytes of `raise_bytes()` raises it.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] static std::span<const std::byte> raise_bytes() noexcept;

 private:
  int descriptor_;
};

/// Sleeps until one of `flags` (at most 8) is up or `timeout` has passed, then takes down those
/// that are up. Bit i of the result: flag i was up.
unsigned wait_for_any(std::span<const wakeup* const> flags, std::chrono::milliseconds timeout);

} // namespace streamer
