// The events of a load test, and how they are told again where they arrive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/event.hpp"
#include "messages/record.hpp"

namespace streamer::tools {

/// Header that carries the mark.
inline constexpr const char* load_mark_header = "streamer-load-test";

/// What a load event says of itself. It is in a header, so payloads may have any size.
struct load_mark {
  std::uint64_t run = 0;        ///< of one load test, drawn at random
  std::uint32_t lane = 0;       ///< its key, as a number
  std::uint64_t sequence = 0;   ///< within its lane, from 0
  std::int64_t intended_us = 0; ///< intended send time, microseconds since the run began

  friend bool operator==(const load_mark&, const load_mark&) = default;
};

/// Decimal numbers between dots.
[[nodiscard]] std::string format_mark(const load_mark& mark);

/// Reads what `format_mark` wrote; nothing for any other text.
[[nodiscard]] std::optional<load_mark> parse_mark(std::string_view text);

/// The mark of a received record; nothing if it is no load event.
[[nodiscard]] std::optional<load_mark> mark_of(const record_ref& record);

/// A JSON object of exactly `bytes` bytes, at least 2, that no compression makes vanish: its text
/// follows from `seed`.
[[nodiscard]] std::string load_payload(std::size_t bytes, std::uint64_t seed);

/// Tenant of a lane: lanes go round the tenants.
[[nodiscard]] std::string lane_tenant(std::uint32_t lane, std::uint32_t tenants);

/// Key of a lane: `key-0000042`.
[[nodiscard]] std::string lane_key(std::uint32_t lane);

} // namespace streamer::tools
