#pragma once

#include "actors/consumer/offset_tracker.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// A record that has failed and is not finished: what a new owner must know of it.
struct failing_record {
  offset_id offset;
  std::uint32_t attempts = 0;       ///< attempts made, from 1
  std::int64_t first_failed_ms = 0; ///< ms since 1970, by the clock of the owner of that time
  /// From the first failure to the last one, for `retry.max_elapsed_ms`. Carried as such: the
  /// difference of two owners' clocks says nothing about it.
  std::chrono::milliseconds elapsed{0};
  friend bool operator==(const failing_record&, const failing_record&) = default;
};

/// What a commit says beside its offset.
struct commit_metadata {
  std::vector<failing_record> failing; ///< in offset order
  std::vector<offset_range> finished;  ///< beyond the committed offset, in order, disjoint
  friend bool operator==(const commit_metadata&, const commit_metadata&) = default;
};

/// What a commit's metadata belongs to. Metadata can arrive beside an offset that
/// it was not written for (MirrorMaker translates offsets and copies metadata; a
/// seek): it is used only where all of these match.
struct metadata_scope {
  std::string_view cluster_id;
  std::string_view topic;
  partition_id partition;
  offset_id base; ///< the committed offset
};

/// Kafka's default for `offset.metadata.max.bytes`; a broker may have less.
inline constexpr std::size_t default_metadata_limit = 4096;

struct encoded_metadata {
  std::string text; ///< printable ASCII; empty when there is nothing to say
  std::size_t dropped_failing = 0;
  std::size_t dropped_ranges = 0;
};

/// Encodes within `limit` bytes. What does not fit is dropped and counted:
/// attempts are kept first, then the ranges nearest to the committed offset.
[[nodiscard]] encoded_metadata encode(const commit_metadata& data, const metadata_scope& scope,
                                      std::size_t limit = default_metadata_limit);

enum class metadata_verdict : std::uint8_t {
  usable,
  absent,        ///< empty: nothing was said
  foreign,       ///< not written by this program
  other_version, ///< by a version of it that this one cannot read
  malformed,     ///< damaged
  other_cluster,
  other_partition, ///< another topic or partition
  other_offset,    ///< written for another committed offset
};

/// Name of a verdict, as used in the metric's `cause` label.
[[nodiscard]] std::string_view to_string(metadata_verdict v);

struct decoded_metadata {
  metadata_verdict verdict = metadata_verdict::absent;
  commit_metadata data; ///< empty unless usable
};

/// Decodes any text without failing; bounded by the text's own length.
[[nodiscard]] decoded_metadata decode(std::string_view text, const metadata_scope& scope);

} // namespace streamer
