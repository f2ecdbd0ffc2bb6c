// Points in time as RFC 3339 writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer::tools {

/// Milliseconds since 1970 of `2026-01-31T12:00:00Z`, `2026-01-31T12:00:00.25+01:00`. Strict: date,
/// `T`, time with seconds, and a zone are all needed; a day must exist; digits beyond milliseconds
/// are cut off. Not taken: what is before 1970, which Kafka has no timestamp for, and a leap
/// second, which it cannot tell from the next.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// UTC with milliseconds: `2026-01-31T12:00:00.000Z`.
[[nodiscard]] std::string format_rfc3339(std::int64_t ms);

} // namespace streamer::tools
