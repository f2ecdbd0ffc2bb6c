#pragma once

#include "messages/event.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

namespace streamer {

/// Which submitted events have been handed to the client library and which are settled. Requests
/// are handed over in order of submission; after a rewind those that are not settled are handed
/// over again, in the same order. Pure; not thread-safe. Addresses of slots stay valid until their
/// request is taken.
class delivery_book {
 public:
  struct request;

  /// One event on its way; what the library carries as the event's opaque pointer.
  struct slot {
    request* owner = nullptr;
    std::uint32_t index = 0;
    bool handed = false;
    bool settled = false;
    bool alone = false; ///< refused in a batch for its size: tried in a batch of its own

    [[nodiscard]] const outbound_event& event() const;
  };

  /// One batch as it was submitted.
  struct request {
    std::uint64_t id = 0;
    event_batch_ptr batch;
    std::vector<slot> slots;
    std::vector<delivery_result> results;
    std::size_t unsettled = 0;
    std::list<request>::iterator self;
  };

  /// Enters a batch behind all others. It must not be empty.
  void enter(std::uint64_t id, event_batch_ptr batch);

  /// The next event to hand over; null when there is none.
  [[nodiscard]] slot* next();
  /// That event is with the library now.
  void hand_over(slot& which);
  /// The event has ended. Returns its request when that was the last event of it: tell, then
  /// `take`.
  [[nodiscard]] request* settle(slot& which, delivery_result result);
  /// Removes a request that is settled.
  void take(const request& which) { requests_.erase(which.self); }

  /// The library has forgotten everything: begins again with the first event not settled.
  void rewind();

  /// Events entered and not settled.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  std::list<request> requests_;
  // Where `next` looks: everything before it has been handed over or settled.
  std::list<request>::iterator at_ = requests_.end();
  std::size_t at_index_ = 0;
  std::size_t waiting_ = 0;
};

} // namespace streamer
