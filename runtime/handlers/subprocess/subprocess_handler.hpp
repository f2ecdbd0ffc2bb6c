#pragma once

#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

#include <string>
#include <variant>

namespace streamer {

/// Makes the handler of a [[handlers]] entry of kind `subprocess`: children that live as long as it
/// does, and one thread that speaks with them. They are started here; the entry is at fault, in one
/// line, if the command cannot be.
[[nodiscard]] std::variant<any_handler, std::string> make_subprocess_handler(
    const handler_settings& entry, const log_handle& log);

} // namespace streamer
