// A DLQ record as `dlq ls` and `dlq show` see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "actors/dlq/header_dialects.hpp"
#include "messages/ids.hpp"
#include "messages/record.hpp"

namespace streamer::tools {

/// What the error headers say; absent or empty where a record has none.
struct dead_letter {
  topic_partition at;
  offset_id offset;
  std::int64_t timestamp_ms = -1;
  std::string reason;
  std::string tenant;
  std::string source_topic;
  std::optional<std::int32_t> source_partition;
  std::optional<std::int64_t> source_offset;
  std::string group;
  std::optional<std::int64_t> attempts;
  std::string message;
  std::string exception;
  std::string first_failed_at;
  std::int64_t redrive_count = 0;
  std::int64_t original_timestamp_ms = -1;
  timestamp_kind original_timestamp_kind = timestamp_kind::not_available;
  /// Whose error headers were read; absent: the record has none.
  std::optional<header_dialect> dialect;

  /// Headers alone: the DLQ refused the record for its size.
  [[nodiscard]] bool is_pointer() const { return reason == "too_large"; }
  /// Where the record was first read; absent where the headers do not say all of it.
  [[nodiscard]] std::optional<record_origin> place() const;
};

/// Reads the headers of a stored record: this program's, else those of the first other dialect that
/// has some. Any record can be read: a DLQ topic may hold others.
[[nodiscard]] dead_letter read_dead_letter(const record_ref& record);

/// `topic[partition]@offset` of where it came from; empty if the headers do not say.
[[nodiscard]] std::string source_of(const dead_letter& letter);

/// Which records `dlq ls` shows; an absent condition holds for all.
struct dlq_filter {
  std::optional<std::string> tenant;
  std::optional<std::string> reason;
  std::optional<std::string> error; ///< part of the message or of the exception
  std::optional<std::string> key;   ///< the whole key
  std::optional<std::int64_t> since_ms;

  [[nodiscard]] bool takes(const dead_letter& letter, const record_ref& record) const;
};

} // namespace streamer::tools
