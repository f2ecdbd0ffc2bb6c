// What an operator asks of a running worker, as POST /control/… says it. Pure.
#pragma once

#include "messages/ids.hpp"
#include "runtime/checks/seek_plan.hpp"
#include "runtime/logging/log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace streamer {

/// `{"topic": T, "partition": P}` or `{"tenant": ID}`: to be paused or resumed.
struct pause_order {
  std::optional<topic_partition> partition;
  std::string tenant; ///< if no partition
};

/// `{"topic": T, "partition": P, …}` with one of `"to": "earliest" | "latest"`, `"offset": N` and
/// `"timestamp_ms": ms since 1970`.
struct seek_order {
  topic_partition tp;
  seek_target to;
};

/// `{"level": "trace" | "debug" | "info" | "warn" | "error"}`.
struct log_level_order {
  log_level level = log_level::info;
};

/// The order of a body, or one line that says what is wrong with it. What has a key that is not
/// known is refused: an operator's slip must not do something else.
[[nodiscard]] std::variant<pause_order, std::string> read_pause_order(std::string_view body);
[[nodiscard]] std::variant<seek_order, std::string> read_seek_order(std::string_view body);
[[nodiscard]] std::variant<log_level_order, std::string> read_log_level_order(
    std::string_view body);

} // namespace streamer
