// What a partition consumer answers when it is asked why its partition lags.
#pragma once

#include "actors/consumer/lag_split.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace streamer {

/// The record that holds a commit frontier: the first one that is not finished. No payload, no key.
struct frontier_record {
  offset_id offset;
  std::string key_mark; ///< keyed hash of its key; empty: it has none
  std::string tenant;
  std::string actor; ///< who has it, as the supervision tree names it
  lag_state where = lag_state::queued;
  bool running = false; ///< an attempt of a blocking or asynchronous handler has begun
  /// Number of the attempt that runs, is about to, or was the last one.
  std::uint32_t attempt = 1;
  std::int64_t timestamp_ms = -1;
  /// Since it came, or, once it has failed, since its first failure.
  std::chrono::milliseconds here{0};
  failure_class cause = failure_class::none; ///< of its last failure
  std::string exception;                     ///< of that, the type
  std::string handler;                       ///< that failed with it; empty before
  /// Until its next attempt; nothing: it is not waiting for one, or nobody knows.
  std::optional<std::chrono::milliseconds> next_retry;
  bool held_by_guard = false; ///< kept from the DLQ while an outage lasts
};

/// One partition of one assignment epoch at one moment: all of it belongs together.
struct partition_explained {
  assignment_epoch epoch;
  lag_split lag; ///< up to what is held back: the rest is the Kafka client's to tell
  lag_times times;
  std::optional<offset_id> committed;
  std::optional<frontier_record> frontier;
  std::string held_for; ///< the tenant that filled its share; empty: nobody did
  bool draining = false;
  bool paused = false;
};

} // namespace streamer
