#include "actors/consumer/suspect_board.hpp"

#include <utility>

namespace streamer {

void suspect_board::put(const record_place& place, suspect_mark mark) {
  const std::lock_guard lock{mutex_};
  const auto [found, fresh] = entries_.try_emplace(place);
  if (!fresh && found->second.mark == mark) {
    return;
  }
  found->second.mark = std::move(mark);
  if (fresh) {
    found->second.number = next_number_++;
    by_age_.emplace(found->second.number, place);
    if (entries_.size() > most_) {
      entries_.erase(by_age_.begin()->second);
      by_age_.erase(by_age_.begin());
      ++dropped_;
    }
  }
  changed();
}

void suspect_board::erase(const record_place& place) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(place);
  if (found != entries_.end()) {
    by_age_.erase(found->second.number);
    entries_.erase(found);
    changed();
  }
}

std::optional<suspect_mark> suspect_board::find(const record_place& place) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(place);
  return found == entries_.end() ? std::nullopt : std::optional{found->second.mark};
}

suspect_board::marks suspect_board::of(const topic_partition& tp) const {
  const std::lock_guard lock{mutex_};
  marks found;
  for (auto e = entries_.lower_bound({tp, offset_id{0}}); e != entries_.end() && e->first.tp == tp;
       ++e) {
    found.emplace(e->first.offset, e->second.mark);
  }
  return found;
}

std::size_t suspect_board::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

std::uint64_t suspect_board::dropped() const {
  const std::lock_guard lock{mutex_};
  return dropped_;
}

} // namespace streamer
