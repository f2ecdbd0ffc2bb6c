#pragma once

#include <caf/actor_system.hpp>

namespace streamer {

/// Makes the messages known to CAF. Before the first actor system's configuration; any number of
/// times.
void register_message_types();

/// Leaves a system that has CAF's network module with no actor that a peer could reach by name:
/// CAF's own servers for look-up and spawning are taken away.
void hide_named_actors(caf::actor_system& system);

} // namespace streamer
