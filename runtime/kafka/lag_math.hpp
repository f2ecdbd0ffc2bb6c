// What the lag of one partition is, from what the brokers say of it. Pure, std-only.
#pragma once

#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace streamer {

/// Where a partition without a commit starts.
enum class lag_start : std::uint8_t { earliest, latest };

/// What the brokers say. An absent offset: nobody answered for the partition.
struct partition_facts {
  std::optional<offset_id> committed;      ///< absent: no commit
  std::optional<offset_id> log_start;      ///< the first offset still there
  std::optional<offset_id> end;            ///< the last stable offset: what may be read
  std::optional<offset_id> high_watermark; ///< the end, open transactions included
};

/// What reading from the first unprocessed position found.
struct oldest_record {
  enum class kind : std::uint8_t {
    unread,  ///< not tried, or not in time
    record,  ///< a record
    nothing, ///< the end, without a record: markers and aborted transactions only
  };
  kind found = kind::unread;
  std::int64_t timestamp_ms = -1; ///< of the record; -1: it has none
};

/// How far a group is behind in one partition.
struct partition_lag {
  topic_partition tp;
  std::optional<offset_id> committed;
  std::optional<offset_id> end;
  std::optional<std::int64_t> lag; ///< records, at least 0; absent: not known
  /// Of the oldest record that is not processed, at least 0; absent: there is none, it has no
  /// time, or it could not be read in time.
  std::optional<std::chrono::milliseconds> oldest_age;
  std::string note; ///< what the figures do not say by themselves; may be empty
};

/// The position that the oldest unprocessed record has at the earliest. Absent: nothing is
/// unprocessed, or nothing is known.
[[nodiscard]] std::optional<offset_id> first_unprocessed(const partition_facts& facts,
                                                         lag_start start);

/// The lag. Never negative; counted from the log's start where retention passed the commit, and 0
/// where only transaction markers are left before the end.
[[nodiscard]] partition_lag lag_of(const topic_partition& tp, const partition_facts& facts,
                                   lag_start start, const oldest_record& oldest,
                                   std::int64_t now_ms);

} // namespace streamer
