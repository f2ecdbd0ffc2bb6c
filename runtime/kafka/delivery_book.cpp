#include "runtime/kafka/delivery_book.hpp"

#include <utility>

namespace streamer {

const outbound_event& delivery_book::slot::event() const { return (*owner->batch)[index]; }

void delivery_book::enter(std::uint64_t id, event_batch_ptr batch) {
  const auto size = batch->size();
  auto& added = requests_.emplace_back();
  added.id = id;
  added.batch = std::move(batch);
  added.self = std::prev(requests_.end());
  added.unsettled = size;
  added.results.resize(size);
  added.slots.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    added.slots[i].owner = &added;
    added.slots[i].index = static_cast<std::uint32_t>(i);
  }
  waiting_ += size;
  if (at_ == requests_.end()) {
    at_ = added.self;
    at_index_ = 0;
  }
}

delivery_book::slot* delivery_book::next() {
  while (at_ != requests_.end()) {
    for (; at_index_ < at_->slots.size(); ++at_index_) {
      auto& candidate = at_->slots[at_index_];
      if (!candidate.handed && !candidate.settled) {
        return &candidate;
      }
    }
    ++at_;
    at_index_ = 0;
  }
  return nullptr;
}

void delivery_book::hand_over(slot& which) { which.handed = true; }

delivery_book::request* delivery_book::settle(slot& which, delivery_result result) {
  auto& owner = *which.owner;
  if (std::exchange(which.settled, true)) {
    return nullptr;
  }
  owner.results[which.index] = std::move(result);
  --waiting_;
  if (--owner.unsettled > 0) {
    return nullptr;
  }
  if (at_ == owner.self) {
    ++at_;
    at_index_ = 0;
  }
  return &owner;
}

void delivery_book::rewind() {
  for (auto& waits : requests_) {
    for (auto& each : waits.slots) {
      each.handed = false;
      each.alone = false;
    }
  }
  at_ = requests_.begin();
  at_index_ = 0;
}

} // namespace streamer
