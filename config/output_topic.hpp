#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"

namespace streamer {

/// The topic that a handler writes to, if its keys name one: `to` of forward, `reply_to` of http. A
/// child process says with each event where it goes.
[[nodiscard]] inline std::optional<std::string> output_topic(const handler_settings& handler) {
  const char* const key = handler.kind == "forward" ? "to" : "reply_to";
  const auto found = handler.options.find(key);
  const bool written = handler.kind == "forward" || handler.kind == "http";
  if (!written || found == handler.options.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

} // namespace streamer
