#pragma once

#include "actors/tenant/tenant_context.hpp"
#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace streamer {

/// [retry] as the retry supervisor takes it.
[[nodiscard]] retry_policy policy_of(const retry_settings& r);

/// How failures of one [[handlers]] entry are treated.
[[nodiscard]] std::shared_ptr<const failure_policy> policy_of(const handler_settings& h);
/// How failures that no handler stands for are treated.
[[nodiscard]] std::shared_ptr<const failure_policy> fallback_policy_of(const settings& config);
/// How long what runs may take to end when an operator pauses or moves its partition.
[[nodiscard]] std::chrono::milliseconds longest_attempt(const settings& config);

/// The [[handlers]] entries, ready to run, or one line that says what is wrong with one.
[[nodiscard]] std::variant<std::vector<handler_entry>, std::string> make_handlers(
    const settings& config, const handler_registry& registry);

} // namespace streamer
