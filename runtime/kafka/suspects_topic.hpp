// The compacted topic in which a group keeps the records that may kill a process.
#pragma once

#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"
#include "config/settings.hpp"
#include "runtime/logging/log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace streamer {

/// How a request to the suspects' topic ended.
struct suspects_answer {
  enum class state : std::uint8_t {
    done,
    later,   ///< the brokers do not answer now
    refused, ///< the topic cannot be had: no right, or the brokers do not know how
  };
  state ended = state::done;
  std::string why; ///< one line, unless `done`
};

/// Name of a group's topic of suspects.
[[nodiscard]] std::string suspects_topic_of(const std::string& group_id);

/// Reads and writes it. Every call blocks, for 10 s at most while the brokers answer nothing. Not
/// thread-safe.
class suspects_topic {
 public:
  /// `cancelled` ends a call early; asked several times a second.
  suspects_topic(const settings& config, const log_handle& log, std::function<bool()> cancelled);
  ~suspects_topic();
  suspects_topic(const suspects_topic&) = delete;
  suspects_topic& operator=(const suspects_topic&) = delete;

  /// Puts on the board what was written since the last call. A topic that does not exist is empty.
  [[nodiscard]] suspects_answer read(suspect_board& board);
  /// Writes changes in order, all acknowledged when it returns `done`. Creates the topic when it
  /// is not there: compacted, one partition.
  [[nodiscard]] suspects_answer write(std::span<const mark_change> changes);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace streamer
