#pragma once

#include "actors/supervision/actor_board.hpp"
#include "messages/inspection_interface.hpp"
#include "runtime/logging/log.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace streamer {

/// What an inspector tells of.
struct inspection_context {
  std::shared_ptr<const actor_board> board;
  std::string version; ///< of streamer
  std::string group_id;
  std::uint64_t process = 0;                     ///< its id
  std::chrono::steady_clock::time_point started; ///< when the worker was, on the real clock
  log_handle log;
};

/// What the board says at `now` by the actors' clock, the actors' vitals read at once. At most
/// `limit` actors, the first by name; the rest is counted.
[[nodiscard]] tree_snapshot snapshot_of(const actor_board& board,
                                        std::chrono::steady_clock::time_point now,
                                        std::size_t limit);

/// State of the inspector: answers other processes, from the board alone. It asks no actor, so one
/// that hangs is told of too; and however often it is asked, it looks ten times a second.
class inspector_state {
 public:
  static inline const char* name = "inspector";

  inspector_state(inspector_actor::pointer self, inspection_context context);

  inspector_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  const tree_snapshot& look();

  inspector_actor::pointer self_;
  inspection_context context_;
  std::optional<clock::time_point> looked_at_;
  tree_snapshot latest_;
};

} // namespace streamer
