// How a resolved set is stored: as a commit of group `{group}.dlq`, and what its metadata has no
// room for in windows, records of a compacted topic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/consumer/commit_metadata.hpp"
#include "tools/redrive/resolved_set.hpp"

namespace streamer::tools {

/// The partition that a set is of. The topic's id tells a DLQ that was created anew, whose offsets
/// begin again, from the one before.
struct resolved_scope {
  std::string cluster_id;
  std::string topic_id;
  topic_partition tp;
};

/// Offsets that one window covers. So few that the ranges of any set within one fit into a text as
/// a commit's metadata has.
inline constexpr std::int64_t window_offsets = 2048;

/// A set as it is committed.
struct resolved_commit {
  offset_id offset; ///< the lowest that is not resolved
  std::string metadata;
  /// Windows with ranges that the metadata had no room for, in order.
  std::vector<std::int64_t> windows_left;
};

/// Encodes with metadata of at most `limit` bytes.
[[nodiscard]] resolved_commit encode_resolved(const resolved_set& set, const resolved_scope& scope,
                                              std::size_t limit = default_metadata_limit);

/// What a commit says. Metadata of another cluster, topic or offset says nothing, and so does an
/// offset of a topic that has been created anew: `verdict` tells.
struct decoded_resolved {
  resolved_set set;
  metadata_verdict verdict = metadata_verdict::absent;
};
[[nodiscard]] decoded_resolved decode_resolved(offset_id committed, std::string_view metadata,
                                               const resolved_scope& scope);

/// A window's place in the topic: `topic/partition/window`.
struct window_place {
  topic_partition tp;
  std::int64_t window = 0;
  friend auto operator<=>(const window_place&, const window_place&) = default;
};
[[nodiscard]] std::string window_key(const window_place& place);
[[nodiscard]] std::optional<window_place> parse_window_key(std::string_view key);

/// The set's offsets of one window as text; empty if it has none there.
[[nodiscard]] std::string encode_window(const resolved_set& set, std::int64_t window,
                                        const resolved_scope& scope);
/// Adds what a window's text says; false, and nothing added, if it is of something else.
[[nodiscard]] bool add_window(resolved_set& set, std::string_view text, std::int64_t window,
                              const resolved_scope& scope);

} // namespace streamer::tools
