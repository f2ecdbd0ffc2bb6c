#include "runtime/inspection/message_types.hpp"

#include "messages/actor_messages.hpp"
#include "messages/inspection_interface.hpp"

#include <caf/actor_registry.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>

#include <mutex>

namespace streamer {

void register_message_types() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::streamer>();
    caf::init_global_meta_objects<caf::id_block::streamer_inspection>();
    caf::io::middleman::init_global_meta_objects();
    caf::core::init_global_meta_objects();
  });
}

void hide_named_actors(caf::actor_system& system) {
  system.registry().erase("ConfigServ");
  system.registry().erase("SpawnServ");
}

} // namespace streamer
