// The handlers of the worker that scripts/bench measures. Each does what its bare loop does.
#pragma once

#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"
#include "tests/bench/latency_book.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace streamer::bench {

/// Latencies by thread, merged when the worker has stopped.
class latency_books {
 public:
  /// A new one for the calling thread; stays this object's.
  [[nodiscard]] latency_book& make();
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<latency_book>> books_;
};

struct handler_plan {
  std::chrono::microseconds wait{1'000}; ///< of `wait` and `block`
  std::uint64_t skip = 0;                ///< of `latency`: records that do not count
};

/// Registers them; all count in the process's tally:
/// `checksum` (quick), `forward` (the product's own, counted), `wait` (asynchronous), `block`
/// (blocks a pool thread), `retrying` (as checksum; never done with a key that begins with
/// `retry-`), `latency` (quick).
void add_handlers(handler_registry& registry, const handler_plan& plan, const log_handle& log,
                  const std::shared_ptr<latency_books>& latencies);

} // namespace streamer::bench
