#include "actors/consumer/offset_tracker.hpp"

#include <algorithm>
#include "messages/planted_bugs.hpp"

namespace streamer {
namespace {

constexpr std::size_t initial_capacity = 64;

} // namespace

offset_tracker::offset_tracker(std::optional<commit_point> committed,
                               std::vector<offset_range> done)
    : ring_(initial_capacity), passed_{committed}, restored_{std::move(done)} {
  std::sort(restored_.begin(), restored_.end(),
            [](const offset_range& a, const offset_range& b) { return a.first < b.first; });
  if (committed) {
    newest_ = offset_id{committed->offset.value() - 1};
  }
}

offset_tracker::receipt offset_tracker::receive(offset_id offset, std::int32_t leader_epoch) {
  if (newest_ && offset <= *newest_) {
    return receipt::stale;
  }
  newest_ = offset;
  if (next_slot_ - head_slot_ == ring_.size()) {
    grow();
  }
  const bool done = was_done(offset);
  at(next_slot_) = {offset, leader_epoch, done};
  ++next_slot_;
  if (done) {
    advance();
    return receipt::already_done;
  }
  ++unfinished_;
  return receipt::fresh;
}

bool offset_tracker::was_done(offset_id offset) {
  while (restored_cursor_ < restored_.size() && restored_[restored_cursor_].last < offset) {
    ++restored_cursor_;
  }
  return restored_cursor_ < restored_.size() && restored_[restored_cursor_].first <= offset;
}

void offset_tracker::grow() {
  std::vector<entry> larger(ring_.size() * 2);
  for (auto slot = head_slot_; slot < next_slot_; ++slot) {
    larger[slot & (larger.size() - 1)] = at(slot);
  }
  ring_ = std::move(larger);
}

bool offset_tracker::finish(slot_id slot) {
  if (!holds(slot.value()) || at(slot.value()).finished) {
    return false;
  }
  at(slot.value()).finished = true;
  --unfinished_;
  if (slot.value() == head_slot_) {
    advance();
  }
  return true;
}

void offset_tracker::advance() {
  while (head_slot_ < next_slot_ && at(head_slot_).finished) {
    const auto& e = at(head_slot_);
    if (planted("offset_plus_one_over_gaps") && passed_ && passed_->offset != e.offset) {
      return;
    }
    passed_ = commit_point{e.offset.next(), e.leader_epoch};
    ++head_slot_;
  }
  pass_end();
}

void offset_tracker::pass_end() {
  const bool reached = end_ && (head_slot_ == next_slot_ || at(head_slot_).offset >= *end_);
  if (reached && (!passed_ || *end_ > passed_->offset)) {
    passed_ = commit_point{*end_, passed_ ? passed_->leader_epoch : -1};
  }
}

bool offset_tracker::is_finished(slot_id slot) const {
  return slot.value() < head_slot_ || (holds(slot.value()) && at(slot.value()).finished);
}

void offset_tracker::reach_end(offset_id position) {
  if (newest_ && position <= newest_->next()) {
    return;
  }
  end_ = position;
  newest_ = offset_id{position.value() - 1};
  pass_end();
}

std::optional<commit_point> offset_tracker::frontier() const {
  if (planted("commit_before_processing") && newest_) {
    return commit_point{newest_->next(), -1};
  }
  for (auto slot = next_slot_; planted("commit_the_highest") && slot-- > head_slot_;) {
    if (at(slot).finished) {
      return commit_point{at(slot).offset.next(), at(slot).leader_epoch};
    }
  }
  if (head_slot_ == next_slot_) {
    return passed_;
  }
  const auto& head = at(head_slot_);
  // Before the first finished record the committed offset stands, which may lie
  // before the first received one (a gap): no reason to move it.
  return passed_ ? *passed_ : commit_point{head.offset, head.leader_epoch};
}

std::optional<slot_id> offset_tracker::oldest_unfinished() const {
  if (head_slot_ == next_slot_) {
    return std::nullopt;
  }
  return slot_id{head_slot_};
}

std::optional<offset_id> offset_tracker::offset_of(slot_id slot) const {
  if (!holds(slot.value())) {
    return std::nullopt;
  }
  return at(slot.value()).offset;
}

std::vector<offset_range> offset_tracker::finished_beyond(std::size_t limit) const {
  std::vector<offset_range> ranges;
  bool open = false;
  for (auto slot = head_slot_; slot < next_slot_; ++slot) {
    const auto& e = at(slot);
    if (!e.finished) {
      open = false;
      continue;
    }
    if (open) {
      ranges.back().last = e.offset;
      continue;
    }
    if (ranges.size() == limit) {
      return ranges;
    }
    ranges.push_back({e.offset, e.offset});
    open = true;
  }
  for (auto i = restored_cursor_; i < restored_.size() && ranges.size() < limit; ++i) {
    auto rest = restored_[i];
    if (newest_ && rest.last <= *newest_) {
      continue;
    }
    if (newest_ && rest.first <= *newest_) {
      rest.first = newest_->next();
    }
    ranges.push_back(rest);
  }
  return ranges;
}

} // namespace streamer
