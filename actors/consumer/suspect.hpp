#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// Where a record lies.
struct record_place {
  topic_partition tp;
  offset_id offset;
  friend auto operator<=>(const record_place&, const record_place&) = default;
};

/// What the group knows of a record that was in a handler's call when a process ended uncleanly.
struct suspect_mark {
  std::uint32_t crashes = 0; ///< how often it has ended the process while it ran alone
  bool alone = false;        ///< it runs alone now, in the process `by`
  std::string by;            ///< one run of one process; empty unless `alone` or `doubted`
  /// Its last run alone ended with its process, nobody knows why: `by` sees whether it lives on
  /// without the record.
  bool doubted = false;
  friend bool operator==(const suspect_mark&, const suspect_mark&) = default;
};

/// A record with as many crashes while it ran alone is not run any more.
inline constexpr std::uint32_t most_crashes_alone = 3;

/// The key of a mark in the suspects' topic: `topic/partition/offset`.
[[nodiscard]] std::string mark_key(const record_place& place);
/// The place that a key names; absent for any other text.
[[nodiscard]] std::optional<record_place> parse_mark_key(std::string_view key);

/// A mark as a line of text with a version: `v1 CRASHES suspect`, `v1 CRASHES alone PROCESS` or
/// `v1 CRASHES doubted PROCESS`.
[[nodiscard]] std::string encode_mark(const suspect_mark& mark);
/// The mark that a text holds; absent for any other text, another version's included.
[[nodiscard]] std::optional<suspect_mark> decode_mark(std::string_view text);

} // namespace streamer
