#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// Names of the headers that carry a trace (W3C Trace Context).
namespace trace_header {
inline constexpr const char* parent = "traceparent";
inline constexpr const char* state = "tracestate";
} // namespace trace_header

/// Number of a trace; all zero: none.
using trace_id = std::array<std::uint8_t, 16>;
/// Number of a span in its trace; all zero: none.
using span_id = std::array<std::uint8_t, 8>;

/// A span as others refer to it: what a `traceparent` header says.
struct trace_context {
  trace_id trace{};     ///< never none
  span_id span{};       ///< never none
  bool sampled = false; ///< whoever began the trace wants it recorded
  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads a `traceparent` of any version that the standard permits; nothing for a text that is none.
[[nodiscard]] std::optional<trace_context> parse_traceparent(std::string_view text);

/// The header's value, in version 00: 55 characters.
[[nodiscard]] std::string to_traceparent(const trace_context& context);

/// Whether a `tracestate` may be handed on: at most 512 bytes and 32 members of the standard's
/// form.
[[nodiscard]] bool is_tracestate(std::string_view text);

} // namespace streamer
