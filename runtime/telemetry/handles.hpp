// What the hot paths hold: pointers to the cells of a metric.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/telemetry/catalogue.hpp"

namespace streamer {

namespace detail {

// One cache line each, so that two threads that count different things do not share one.
inline constexpr std::size_t cell_alignment = 64;

struct alignas(cell_alignment) counter_cell {
  std::atomic<std::uint64_t> value{0};
};

struct alignas(cell_alignment) gauge_cell {
  std::atomic<double> value{0.0};
};

struct alignas(cell_alignment) histogram_cell {
  std::span<const double> bounds;
  std::array<std::atomic<std::uint64_t>, max_buckets + 1> counts{};
  std::atomic<double> sum{0.0};

  /// The bucket of a value; bounds are inclusive.
  [[nodiscard]] std::size_t bucket_of(double value) const noexcept {
    const auto* const bound = std::lower_bound(bounds.begin().base(), bounds.end().base(), value);
    return static_cast<std::size_t>(bound - bounds.data());
  }
};

/// A duration as it may be counted: a clock that steps back gives 0, never a negative sum.
[[nodiscard]] inline double countable(double seconds) noexcept {
  return seconds > 0.0 ? seconds : 0.0;
}

} // namespace detail

/// A counter. Cheap to copy, any thread, one relaxed atomic addition a call. It has to be used
/// while its telemetry lives; a default constructed one counts nothing.
class counter_ref {
 public:
  counter_ref() = default;
  explicit counter_ref(detail::counter_cell& cell) noexcept : cell_{&cell} {}

  void add(std::uint64_t n = 1) const noexcept {
    if (cell_ != nullptr) {
      cell_->value.fetch_add(n, std::memory_order_relaxed);
    }
  }

  /// The current value; 0 for a default constructed one.
  [[nodiscard]] std::uint64_t value() const noexcept {
    return cell_ == nullptr ? 0 : cell_->value.load(std::memory_order_relaxed);
  }

 private:
  detail::counter_cell* cell_ = nullptr;
};

/// A gauge. Cheap to copy, any thread; lifetime and default as counter_ref.
class gauge_ref {
 public:
  gauge_ref() = default;
  explicit gauge_ref(detail::gauge_cell& cell) noexcept : cell_{&cell} {}

  void set(double value) const noexcept {
    if (cell_ != nullptr) {
      cell_->value.store(value, std::memory_order_relaxed);
    }
  }

  /// Adds a difference, which may be negative; for values that several actors share.
  void add(double difference) const noexcept {
    if (cell_ != nullptr) {
      cell_->value.fetch_add(difference, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] double value() const noexcept {
    return cell_ == nullptr ? 0.0 : cell_->value.load(std::memory_order_relaxed);
  }

 private:
  detail::gauge_cell* cell_ = nullptr;
};

/// A histogram of durations in seconds. Cheap to copy, any thread, two atomic additions a call;
/// lifetime and default as counter_ref. Negative durations and NaN count as 0.
class histogram_ref {
 public:
  histogram_ref() = default;
  explicit histogram_ref(detail::histogram_cell& cell) noexcept : cell_{&cell} {}

  void observe(double seconds) const noexcept { observe_n(seconds, 1); }

  /// Counts `n` observations of the same value.
  void observe_n(double seconds, std::uint64_t n) const noexcept {
    if (cell_ != nullptr && n != 0) {
      const auto value = detail::countable(seconds);
      cell_->counts.at(cell_->bucket_of(value)).fetch_add(n, std::memory_order_relaxed);
      cell_->sum.fetch_add(value * static_cast<double>(n), std::memory_order_relaxed);
    }
  }

  /// The upper bounds of the buckets in seconds, inclusive; the last bucket has none.
  [[nodiscard]] std::span<const double> bounds() const noexcept {
    return cell_ == nullptr ? std::span<const double>{} : cell_->bounds;
  }

  /// The number of observations in the bucket of each bound, and at last of those above all.
  [[nodiscard]] std::vector<std::uint64_t> buckets() const {
    std::vector<std::uint64_t> counts;
    if (cell_ != nullptr) {
      for (std::size_t i = 0; i <= cell_->bounds.size(); ++i) {
        counts.push_back(cell_->counts.at(i).load(std::memory_order_relaxed));
      }
    }
    return counts;
  }

  /// The number of observations.
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t total = 0;
    if (cell_ != nullptr) {
      for (const auto& bucket : cell_->counts) {
        total += bucket.load(std::memory_order_relaxed);
      }
    }
    return total;
  }

 private:
  friend class histogram_batch;
  detail::histogram_cell* cell_ = nullptr;
};

/// Collects the observations of a batch without atomics and adds them at once. Owned by one actor;
/// not thread-safe. What was not flushed is not visible in a scrape.
class histogram_batch {
 public:
  histogram_batch() = default;
  explicit histogram_batch(histogram_ref target) noexcept : target_{target} {}

  void observe(double seconds) noexcept {
    if (target_.cell_ != nullptr) {
      const auto value = detail::countable(seconds);
      ++counts_.at(target_.cell_->bucket_of(value));
      sum_ += value;
    }
  }

  /// Adds everything observed since the last flush to the histogram.
  void flush() noexcept {
    if (target_.cell_ == nullptr) {
      return;
    }
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_.at(i) != 0) {
        target_.cell_->counts.at(i).fetch_add(counts_.at(i), std::memory_order_relaxed);
        counts_.at(i) = 0;
      }
    }
    if (sum_ > 0.0) {
      target_.cell_->sum.fetch_add(sum_, std::memory_order_relaxed);
      sum_ = 0.0;
    }
  }

 private:
  histogram_ref target_;
  std::array<std::uint64_t, max_buckets + 1> counts_{};
  double sum_ = 0.0;
};

} // namespace streamer
