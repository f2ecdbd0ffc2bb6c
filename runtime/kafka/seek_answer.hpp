#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <string>

namespace streamer {

/// What has become of the wish to move a partition of a running consumer.
struct seek_answer {
  enum class state : std::uint8_t {
    moving,       ///< to `to`
    not_assigned, ///< this member does not have it, or is about to lose it
    busy,         ///< it is being paused, moved or begun anew: ask again
    no_answer,    ///< the brokers did not tell the log's range in time
    out_of_range, ///< `text` says which offsets there are
  };
  state what = state::not_assigned;
  offset_id to{};
  std::string text{}; ///< a remark, or the reason
};

} // namespace streamer
