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

void tenant_limiter::change(const tenant_limit& limit) {
  weight_.store(limit.weight, std::memory_order_relaxed);
  max_in_flight_.store(static_cast<std::int64_t>(limit.max_in_flight), std::memory_order_relaxed);
  const auto interval = interval_of(limit.rate);
  if (interval_ns_.exchange(interval, std::memory_order_relaxed) != interval) {
    full_at_ns_.store(INT64_MIN, std::memory_order_relaxed); // a slow bucket fills for long
  }
}

std::size_t tenant_limiter::take(std::size_t most, time_point now) {
  const auto wanted = take_window(static_cast<std::int64_t>(most));
  const auto interval = interval_ns_.load(std::memory_order_relaxed);
  const auto granted = interval == 0 ? wanted : take_tokens(wanted, interval, now);
  if (granted < wanted) {
    out_.fetch_sub(wanted - granted, std::memory_order_relaxed);
  }
  return static_cast<std::size_t>(granted);
}

std::int64_t tenant_limiter::take_window(std::int64_t most) {
  const auto limit = max_in_flight_.load(std::memory_order_relaxed);
  auto out = out_.load(std::memory_order_relaxed);
  for (;;) {
    const auto granted = limit == 0 ? most : std::clamp<std::int64_t>(limit - out, 0, most);
    if (granted == 0 || out_.compare_exchange_weak(out, out + granted, std::memory_order_relaxed)) {
      return granted;
    }
  }
}

std::int64_t tenant_limiter::take_tokens(std::int64_t most, std::int64_t interval, time_point now) {
  const auto burst = interval + quarter_second_ns;
  const auto now_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto from = std::max(full_at, now_ns);
    const auto tokens = (now_ns + burst - from) / interval;
    const auto granted = std::clamp<std::int64_t>(tokens, 0, most);
    if (granted == 0 || full_at_ns_.compare_exchange_weak(full_at, from + granted * interval,
                                                          std::memory_order_relaxed)) {
      return granted;
    }
  }
}

tenant_limiters::tenant_limiters(const tenant_settings& settings) { change(settings.limits); }

// One whose entry has gone stays, without limits: what it has handed out comes back to it.
void tenant_limiters::change(const std::map<std::string, tenant_limit>& limits) {
  const std::lock_guard lock{mutex_};
  for (auto& [tenant, limiter] : by_tenant_) {
    if (!limits.contains(tenant)) {
      limiter->change({});
    }
  }
  for (const auto& [tenant, limit] : limits) {
    auto& limiter = by_tenant_[tenant];
    if (limiter) {
      limiter->change(limit);
    } else {
      limiter = std::make_unique<tenant_limiter>(limit);
    }
  }
  version_.fetch_add(1, std::memory_order_release);
}

tenant_limiter* tenant_limiters::find(std::string_view tenant) const {
  const std::lock_guard lock{mutex_};
  const auto found = by_tenant_.find(tenant);
  return found == by_tenant_.end() ? nullptr : found->second.get();
}

} // namespace streamer
