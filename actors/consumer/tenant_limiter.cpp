#include "actors/consumer/tenant_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace streamer {
namespace {

constexpr std::int64_t quarter_second_ns = 250'000'000;

std::int64_t interval_of(double rate) {
  return rate <= 0 ? 0
                   : std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(1e9 / rate)));
}

} // namespace

tenant_limiter::tenant_limiter(const tenant_limit& limit)
    : weight_{limit.weight},
      max_in_flight_{static_cast<std::int64_t>(limit.max_in_flight)},
      interval_ns_{interval_of(limit.rate)},
      burst_ns_{interval_ns_ + quarter_second_ns} {}

std::size_t tenant_limiter::take(std::size_t most, time_point now) {
  const auto wanted = take_window(static_cast<std::int64_t>(most));
  const auto granted = interval_ns_ == 0 ? wanted : take_tokens(wanted, now);
  if (granted < wanted) {
    out_.fetch_sub(wanted - granted, std::memory_order_relaxed);
  }
  return static_cast<std::size_t>(granted);
}

std::int64_t tenant_limiter::take_window(std::int64_t most) {
  auto out = out_.load(std::memory_order_relaxed);
  for (;;) {
    const auto granted =
        max_in_flight_ == 0 ? most : std::clamp<std::int64_t>(max_in_flight_ - out, 0, most);
    if (granted == 0 || out_.compare_exchange_weak(out, out + granted, std::memory_order_relaxed)) {
      return granted;
    }
  }
}

std::int64_t tenant_limiter::take_tokens(std::int64_t most, time_point now) {
  const auto now_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto from = std::max(full_at, now_ns);
    const auto tokens = (now_ns + burst_ns_ - from) / interval_ns_;
    const auto granted = std::clamp<std::int64_t>(tokens, 0, most);
    if (granted == 0 || full_at_ns_.compare_exchange_weak(full_at, from + granted * interval_ns_,
                                                          std::memory_order_relaxed)) {
      return granted;
    }
  }
}

tenant_limiters::tenant_limiters(const tenant_settings& settings) {
  for (const auto& [tenant, limit] : settings.limits) {
    by_tenant_.emplace(tenant, std::make_unique<tenant_limiter>(limit));
  }
}

tenant_limiter* tenant_limiters::find(std::string_view tenant) const {
  const auto found = by_tenant_.find(tenant);
  return found == by_tenant_.end() ? nullptr : found->second.get();
}

} // namespace streamer
