#pragma once

#include "actors/tenant/tenant_context.hpp"
#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace streamer {

/// [retry] as the retry supervisor takes it.
[[nodiscard]] retry_policy policy_of(const retry_settings& r);

/// The [[handlers]] entries, ready to run, or one line that says what is wrong with one.
[[nodiscard]] std::variant<std::vector<handler_entry>, std::string> make_handlers(
    const settings& config, const handler_registry& registry);

} // namespace streamer
