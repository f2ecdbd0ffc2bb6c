#pragma once

#include "config/settings.hpp"
#include "runtime/handlers/registry.hpp"
#include "runtime/logging/log.hpp"

#include <string>
#include <variant>

namespace streamer {

/// Makes the handler of a [[handlers]] entry of kind `http`: one thread that sends each record to a
/// server and judges by the response. The entry is at fault, in one line, if its URL or one of its
/// files cannot be used. That the server cannot be reached is no fault of the entry.
[[nodiscard]] std::variant<any_handler, std::string> make_http_handler(
    const handler_settings& entry, const log_handle& log);

} // namespace streamer
