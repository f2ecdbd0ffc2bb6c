#pragma once

#include "messages/ids.hpp"
#include "messages/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamer {

/// Where a record was first read, and what its timestamp was there.
struct record_origin {
  topic_partition tp;
  offset_id offset;
  std::int64_t timestamp_ms = -1;
  timestamp_kind kind = timestamp_kind::not_available;
  friend bool operator==(const record_origin&, const record_origin&) = default;
};

/// Kafka's name of a timestamp's meaning: `CreateTime`.
[[nodiscard]] std::string_view name_of(timestamp_kind kind);
/// The reverse; what is no such name is not available.
[[nodiscard]] timestamp_kind timestamp_kind_of(std::string_view name);

/// The value of `streamer.redriven-from`: `topic/partition/offset/timestamp/type`.
[[nodiscard]] std::string encode_origin(const record_origin& place);
/// Absent if the text is not one.
[[nodiscard]] std::optional<record_origin> decode_origin(std::string_view text);

/// The place that a record's dead letter has to name. A redriven record of a lane carries it in a
/// header; every other record, whatever its headers say, is where it is.
[[nodiscard]] record_origin origin_of(const record_ref& record);

} // namespace streamer
