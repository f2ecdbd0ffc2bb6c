#pragma once

#include "config/settings.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace streamer {

/// What one tenant with an entry in `tenants.limits` may still be handed, counted over all
/// partitions of the process. Lock-free; any thread.
///
/// The rate is a token bucket that holds a quarter of a second's worth and one record; it begins
/// full. Records are counted once, when they are first handed out: a retry is free.
class tenant_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit tenant_limiter(const tenant_limit& limit) { change(limit); }

  /// Other limits from now on. What is handed out stays counted.
  void change(const tenant_limit& limit);

  /// Takes what of `most` may be handed out at `now`; 0: nothing for now.
  [[nodiscard]] std::size_t take(std::size_t most, time_point now);
  /// `count` of the records taken are finished, or given up with their partition.
  void give_back(std::size_t count) {
    out_.fetch_sub(static_cast<std::int64_t>(count), std::memory_order_relaxed);
  }

  [[nodiscard]] double weight() const { return weight_.load(std::memory_order_relaxed); }
  /// Records that are handed out and unfinished.
  [[nodiscard]] std::int64_t handed_out() const { return out_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::int64_t take_window(std::int64_t most);
  [[nodiscard]] std::int64_t take_tokens(std::int64_t most, std::int64_t interval, time_point now);

  std::atomic<double> weight_{1.0};
  std::atomic<std::int64_t> max_in_flight_{0}; // 0: no limit
  std::atomic<std::int64_t> interval_ns_{0};   // between two records; 0: no limit
  std::atomic<std::int64_t> out_{0};
  // When the bucket is full again (the theoretical arrival time of GCRA).
  std::atomic<std::int64_t> full_at_ns_{INT64_MIN};
};

/// The limiters of a process: one for each tenant that has limits. Thread-safe.
class tenant_limiters {
 public:
  explicit tenant_limiters(const tenant_settings& settings);

  /// Other limits from now on, also for tenants that had none.
  void change(const std::map<std::string, tenant_limit>& limits);
  /// Grows with every change: who keeps what `find` gave asks again then.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  /// The tenant's limiter; null: it has no limits. Valid as long as this object.
  [[nodiscard]] tenant_limiter* find(std::string_view tenant) const;

 private:
  std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<tenant_limiter>, std::less<>> by_tenant_;
};

} // namespace streamer
