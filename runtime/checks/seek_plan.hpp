// Where a group's committed offset of a partition is moved, and when not. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "messages/ids.hpp"

namespace streamer {

/// What was asked for.
struct seek_target {
  enum class kind { offset, timestamp, earliest, latest };
  kind to = kind::earliest;
  std::int64_t value = 0; ///< the offset, or ms since 1970

  friend bool operator==(const seek_target&, const seek_target&) = default;
};

/// What the brokers say of the partition.
struct seek_facts {
  offset_id log_start;
  offset_id end;
  std::optional<offset_id> at_time; ///< for a timestamp: the first record at or after it
};

/// The new offset and a remark on it, which may be empty.
struct seek_plan {
  offset_id to;
  std::string remark;
};

/// The plan, or one line that says why not: an offset out of the log's range names the range.
[[nodiscard]] std::variant<seek_plan, std::string> plan_seek(const topic_partition& tp,
                                                             const seek_target& target,
                                                             const seek_facts& facts);

} // namespace streamer
