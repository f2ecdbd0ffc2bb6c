#include "runtime/system/worker_setup.hpp"

#include <algorithm>

namespace streamer {

retry_policy policy_of(const retry_settings& r) {
  return {r.max_attempts, r.max_elapsed, r.initial_backoff, r.multiplier, r.max_backoff, r.jitter};
}

std::shared_ptr<const failure_policy> policy_of(const handler_settings& h) {
  return std::make_shared<const failure_policy>(
      failure_policy{h.kind, policy_of(h.retry), h.retry_on, h.reject_on});
}

std::shared_ptr<const failure_policy> fallback_policy_of(const settings& config) {
  return std::make_shared<const failure_policy>(
      failure_policy{"default", policy_of(config.retry), {}, {}});
}

std::chrono::milliseconds longest_attempt(const settings& config) {
  std::chrono::milliseconds longest{0};
  for (const auto& h : config.handlers) {
    longest = std::max(longest, h.timeout);
  }
  return longest + config.consumer.drain_timeout;
}

namespace {

std::map<std::string, double, std::less<>> weights_of(const tenant_settings& tenants) {
  std::map<std::string, double, std::less<>> weights;
  for (const auto& [tenant, limit] : tenants.limits) {
    weights.emplace(tenant, limit.weight);
  }
  return weights;
}

} // namespace

std::variant<std::vector<handler_entry>, std::string> make_handlers(
    const settings& config, const handler_registry& registry) {
  std::vector<handler_entry> entries;
  for (const auto& h : config.handlers) {
    auto made = registry.make(h);
    if (auto* problem = std::get_if<std::string>(&made)) {
      return std::move(*problem);
    }
    handler_entry entry;
    entry.name = h.kind;
    entry.run = std::move(std::get<any_handler>(made));
    entry.timeout = h.timeout;
    entry.conflates = h.conflate;
    entry.policy = policy_of(h);
    if (std::holds_alternative<blocking_handler>(entry.run)) {
      entry.pool = std::make_shared<blocking_pool>(
          h.kind, pool_share{h.calls_at_once(), weights_of(config.tenants)});
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

} // namespace streamer
