// GET /explain: asks the partition consumers why they lag.
#pragma once

#include "actors/consumer/explained.hpp"
#include "actors/consumer/record_router.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <map>
#include <vector>

namespace streamer {

/// How long `/explain` waits for the actors, all together.
inline constexpr std::chrono::milliseconds explain_patience{500};

/// Asks the partition consumers of these epochs, all at once, ahead of what waits in their
/// mailboxes. Blocks until all have answered or `patience` is over; who has not answered by then,
/// or has ended, is missing. Any thread that is not an actor's.
[[nodiscard]] std::map<assignment_epoch, partition_explained> ask_why(
    caf::actor_system& system, const record_router& router,
    const std::vector<assignment_epoch>& epochs,
    std::chrono::milliseconds patience = explain_patience);

} // namespace streamer
