#pragma once

#include "runtime/logging/log.hpp"

#include <caf/error.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include <exception>
#include <string>

namespace streamer {

/// Sets the handlers that every long-lived actor needs: CAF's defaults end an actor
/// on an unexpected message or an error that comes back from a peer. Here a stray
/// message is logged and dropped, and an exception ends the actor with an error, so
/// that its supervisor starts it anew.
template <class Self>
void install_guards(Self* self, const log_handle& log) {
  self->set_default_handler(
      [log](caf::scheduled_actor*, caf::message& msg) -> caf::skippable_result {
        log.warn("stray_message", "a message that nobody expects was dropped",
                 {{"content", caf::to_string(msg)}});
        return caf::make_error(caf::sec::unexpected_message);
      });
  self->set_error_handler([log](caf::scheduled_actor*, caf::error& e) {
    log.warn("peer_error", "a peer answered with an error", {{"error", caf::to_string(e)}});
  });
  self->set_exception_handler([log](caf::scheduled_actor*, std::exception_ptr& caught) {
    std::string what = "an exception of unknown type";
    try {
      std::rethrow_exception(caught);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
      what = "an exception of unknown type";
    }
    log.error("actor_failed", "an exception ended an actor", {{"what", what}});
    return caf::make_error(caf::sec::runtime_error, what);
  });
}

} // namespace streamer
