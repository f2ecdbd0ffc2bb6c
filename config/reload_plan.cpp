#include "config/reload_plan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "config/effective.hpp"

namespace streamer {
namespace {

using config_impl::effective_value;

constexpr std::array<std::string_view, 4> live_keys{
    "observability.log_level", "consumer.batch_size", "handlers.retry_on", "handlers.reject_on"};
constexpr std::array<std::string_view, 3> live_tables{"tenants.limits.", "retry.",
                                                      "handlers.retry."};

// What stays of handlers when their retries are taken away.
std::vector<handler_settings> without_retries(std::vector<handler_settings> handlers) {
  for (auto& h : handlers) {
    h.retry = {};
    h.retry_on.clear();
    h.reject_on.clear();
  }
  return handlers;
}

// Secrets are shown as `***`, so their differences are looked for here.
void add_secrets(const kafka_settings& now, const kafka_settings& wanted,
                 std::vector<std::string>& names) {
  const auto add = [&](const char* name, const secret& a, const secret& b) {
    const bool told = std::ranges::find(names, name) != names.end(); // there was none before
    if (!(a == b) && !told && !now.secret_files.contains(name)) {
      names.emplace_back(name);
    }
  };
  add("kafka.sasl_password", now.sasl_password, wanted.sasl_password);
  add("kafka.oidc_client_secret", now.oidc_client_secret, wanted.oidc_client_secret);
  add("kafka.ssl_key_password", now.ssl_key_password, wanted.ssl_key_password);
}

} // namespace

bool changes_live(std::string_view key) {
  return std::ranges::find(live_keys, key) != live_keys.end() ||
         std::ranges::any_of(live_tables, [&](auto table) { return key.starts_with(table); });
}

reload_plan plan_reload(const settings& now, const settings& wanted) {
  reload_plan plan{now, {}, {}};
  const bool same_handlers = without_retries(now.handlers) == without_retries(wanted.handlers);
  plan.result.observability.log_level = wanted.observability.log_level;
  plan.result.consumer.batch_size = wanted.consumer.batch_size;
  plan.result.tenants.limits = wanted.tenants.limits;
  plan.result.retry = wanted.retry;
  if (same_handlers) {
    plan.result.handlers = wanted.handlers;
  }
  std::map<std::string, std::string> before;
  for (auto& value : config_impl::effective_values(now)) {
    before.emplace(std::move(value.name), std::move(value.literal));
  }
  const auto tell = [&](const std::string& name, const std::string& key, const std::string& text) {
    const bool live = changes_live(key) && (same_handlers || !key.starts_with("handlers."));
    if (live) {
      plan.changed.push_back(name + text);
    } else {
      plan.needs_restart.push_back(name);
    }
  };
  for (const auto& value : config_impl::effective_values(wanted)) {
    const auto old = before.extract(value.name);
    if (old.empty()) {
      tell(value.name, value.key, " = " + value.literal);
    } else if (old.mapped() != value.literal) {
      tell(value.name, value.key, " = " + value.literal + " (was " + old.mapped() + ")");
    }
  }
  for (const auto& value : config_impl::effective_values(now)) {
    if (before.contains(value.name)) {
      tell(value.name, value.key, " is gone (was " + value.literal + ")");
    }
  }
  add_secrets(now.kafka, wanted.kafka, plan.needs_restart);
  return plan;
}

} // namespace streamer
