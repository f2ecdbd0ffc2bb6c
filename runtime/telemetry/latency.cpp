#include "runtime/telemetry/latency.hpp"

#include <hdr_histogram.h>

#include <algorithm>
#include <new>

namespace streamer {
namespace {

constexpr int significant_digits = 3;

} // namespace

void latency_recorder::closer::operator()(hdr_histogram* histogram) const noexcept {
  hdr_close(histogram);
}

latency_recorder::latency_recorder() {
  hdr_histogram* histogram = nullptr;
  if (hdr_init(1, longest.count(), significant_digits, &histogram) != 0) {
    throw std::bad_alloc{};
  }
  histogram_.reset(histogram);
}

void latency_recorder::record(microseconds latency) noexcept {
  hdr_record_value(histogram_.get(), std::clamp<std::int64_t>(latency.count(), 0, longest.count()));
}

void latency_recorder::record(clock::time_point intended, clock::time_point done) noexcept {
  record(std::chrono::duration_cast<microseconds>(done - intended));
}

void latency_recorder::merge(const latency_recorder& other) noexcept {
  hdr_add(histogram_.get(), other.histogram_.get());
}

void latency_recorder::reset() noexcept { hdr_reset(histogram_.get()); }

std::uint64_t latency_recorder::count() const noexcept {
  return static_cast<std::uint64_t>(histogram_->total_count);
}

latency_recorder::microseconds latency_recorder::percentile(double percent) const noexcept {
  if (count() == 0) {
    return microseconds{0};
  }
  return microseconds{hdr_value_at_percentile(histogram_.get(), std::clamp(percent, 0.0, 100.0))};
}

latency_recorder::microseconds latency_recorder::lowest() const noexcept {
  return microseconds{count() == 0 ? 0 : hdr_min(histogram_.get())};
}

latency_recorder::microseconds latency_recorder::highest() const noexcept {
  return microseconds{count() == 0 ? 0 : hdr_max(histogram_.get())};
}

double latency_recorder::mean_us() const noexcept {
  return count() == 0 ? 0.0 : hdr_mean(histogram_.get());
}

} // namespace streamer
