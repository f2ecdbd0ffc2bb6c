#pragma once

#include "messages/ids.hpp"
#include "messages/record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// One record to be produced. Bytes are either its own or borrowed from a
/// received record that `keep_alive` holds until the broker has acknowledged.
struct outbound_event {
  std::string topic; ///< where to
  std::optional<partition_id>
      /// Absent: by `partition_seed`, else by key (`murmur2_random`).
      partition;
  /// Partition = seed modulo the topic's partition count, which only the
  /// producing client knows: the DLQ's rule and that of `partition_by = tenant`.
  std::optional<std::uint32_t> partition_seed;
  /// Absent: null key.
  std::optional<std::string> key;
  /// Absent: null value (a tombstone).
  std::optional<std::string> value;
  /// In order; names may repeat.
  std::vector<owned_header> headers;
  /// Ms since 1970; 0: now.
  std::int64_t timestamp_ms = 0;
  /// When set, key and value are taken from this record, not from `key` and `value`.
  std::optional<record_ref> keep_alive;
  /// With `keep_alive`: the record's own headers come before `headers`, byte for byte.
  bool with_record_headers = false;

  /// Key, whoever owns it.
  [[nodiscard]] bytes_ref key_bytes() const {
    if (keep_alive) {
      return keep_alive->get().key;
    }
    return key ? bytes_ref{key->data(), key->size()} : bytes_ref{};
  }
  /// Value, whoever owns it.
  [[nodiscard]] bytes_ref value_bytes() const {
    if (keep_alive) {
      return keep_alive->get().value;
    }
    return value ? bytes_ref{value->data(), value->size()} : bytes_ref{};
  }
  /// Memory in bytes that the event accounts for until it is acknowledged.
  [[nodiscard]] std::size_t charged_bytes() const {
    return key_bytes().size() + value_bytes().size() + record_batch::bookkeeping_bytes;
  }
};

/// How one produced event ended. There is no "maybe": it was acknowledged, or
/// it was refused for good, or the process gave up waiting.
enum class delivery_state : std::uint8_t {
  acknowledged,
  refused_for_now,  ///< passes by itself: timeout, not enough replicas, unknown topic at first
  refused_for_good, ///< never passes: too large, not authorised, invalid topic, unknown topic
};

/// The broker's answer to one event.
struct delivery_result {
  delivery_state state = delivery_state::acknowledged;
  partition_id partition;      ///< valid when acknowledged
  offset_id offset;            ///< valid when acknowledged
  std::string error_name;      ///< the client library's name of the error, e.g. MSG_SIZE_TOO_LARGE
  bool too_large = false;      ///< refused for its size
  std::int64_t latency_us = 0; ///< from hand-over to acknowledgement, microseconds
};

/// Events that are handed over together.
using event_batch = std::vector<outbound_event>;
/// A batch that several hold.
using event_batch_ptr = std::shared_ptr<const event_batch>;

} // namespace streamer
