#include "actors/consumer/work_in_hand.hpp"

#include <algorithm>

namespace streamer {

void work_in_hand::add(std::shared_ptr<work_batch> batch, time_point now) {
  if (batch->items.empty()) {
    return;
  }
  entry e;
  e.first = batch->items.front().slot;
  e.unfinished = batch->items.size();
  e.kept = e.unfinished;
  e.batch = std::move(batch);
  e.since = now;
  entries_.push_back(std::move(e));
}

std::deque<work_in_hand::entry>::const_iterator work_in_hand::locate(slot_id slot) const {
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), slot,
                                      [](slot_id s, const entry& e) { return s < e.first; });
  return after == entries_.begin() ? entries_.end() : std::prev(after);
}

std::optional<work_in_hand::place> work_in_hand::find(slot_id slot) const {
  const auto e = locate(slot);
  if (e == entries_.end() || !e->batch) {
    return std::nullopt;
  }
  const auto& items = e->batch->items;
  const auto item = std::lower_bound(items.begin(), items.end(), slot,
                                     [](const work_item& i, slot_id s) { return i.slot < s; });
  if (item == items.end() || item->slot != slot) {
    return std::nullopt;
  }
  return place{e->batch, static_cast<std::uint32_t>(item - items.begin())};
}

void work_in_hand::drop_finished(entry& e, std::size_t count) {
  e.unfinished -= std::min(count, e.unfinished);
  if (e.unfinished == 0) {
    e.batch.reset();
  }
  while (!entries_.empty() && !entries_.front().batch) {
    entries_.pop_front();
  }
}

void work_in_hand::let_go(slot_id slot) {
  const auto e = locate(slot);
  if (e != entries_.end()) {
    drop_finished(entries_[static_cast<std::size_t>(e - entries_.cbegin())], 1);
  }
}

void work_in_hand::let_go(const work_batch* batch, std::size_t count) {
  // Only batches that are still held count: a finished one's address may be a new one's by now.
  const auto e = std::find_if(entries_.begin(), entries_.end(),
                              [&](const entry& x) { return x.batch && x.batch.get() == batch; });
  if (e != entries_.end()) {
    drop_finished(*e, count);
  }
}

} // namespace streamer
