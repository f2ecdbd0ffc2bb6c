#pragma once

#include "actors/consumer/buffer_rule.hpp"
#include "messages/work.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace streamer {

/// The batches of which a partition consumer still has unfinished records, so
/// that any of them can be found by its slot and handed out again. A plain value.
class work_in_hand {
 public:
  struct place {
    std::shared_ptr<work_batch> batch;
    std::uint32_t item = 0;
    [[nodiscard]] const work_item& get() const { return batch->items[item]; }
    [[nodiscard]] record_ref record() const { return batch->ref(item); }
  };

  using time_point = std::chrono::steady_clock::time_point;

  /// Takes a batch whose items have increasing slots beyond all earlier ones.
  void add(std::shared_ptr<work_batch> batch, time_point now = {});

  /// When the oldest of the batches came.
  [[nodiscard]] std::optional<time_point> oldest() const {
    return entries_.empty() ? std::nullopt : std::optional{entries_.front().since};
  }

  /// The item of a slot; nothing if its batch is finished or never had it.
  [[nodiscard]] std::optional<place> find(slot_id slot) const;

  /// One item of the slot's batch needs its memory no more.
  void let_go(slot_id slot);
  /// The same for `count` items of one batch.
  void let_go(const work_batch* batch, std::size_t count);

  /// Lets go of what was fetched where that pays (see `pays_to_copy`): goes on with copies of the
  /// records whose slots are `unfinished`.
  template <class Unfinished>
  void keep_copies(time_point now, Unfinished unfinished) {
    for (auto& e : entries_) {
      if (e.batch && e.since + buffer_patience > now) {
        return; // those behind it came later
      }
      if (!e.batch || (e.copied && !pays_to_copy_again(e.unfinished, e.kept)) ||
          e.batch->records.read_by_others()) {
        continue;
      }
      copy_left(e, unfinished);
    }
  }

  void clear() { entries_.clear(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  /// Calls `visit(place)` for every item in slot order, finished ones included.
  template <class Visit>
  void for_each(Visit visit) const {
    for_each_until([&](const place& p) {
      visit(p);
      return false;
    });
  }

  /// The same until `visit` returns true.
  template <class Visit>
  void for_each_until(Visit visit) const {
    for (const auto& e : entries_) {
      if (!e.batch) {
        continue;
      }
      for (std::uint32_t i = 0; i < e.batch->items.size(); ++i) {
        if (visit(place{e.batch, i})) {
          return;
        }
      }
    }
  }

 private:
  struct entry {
    slot_id first;
    std::shared_ptr<work_batch> batch; // null once all items are finished
    std::size_t unfinished = 0;
    time_point since;
    std::size_t kept = 0; // records whose memory is held
    bool copied = false;
  };

  template <class Unfinished>
  static void copy_left(entry& e, Unfinished& unfinished) {
    const auto records = e.batch->records.get();
    std::vector<std::uint32_t> left;
    std::size_t left_bytes = 0;
    std::size_t held_bytes = 0;
    for (const auto& item : e.batch->items) {
      const auto place = records.place_of(item.record);
      const auto bytes = place ? records.batch->charged_bytes(*place) : 0;
      held_bytes += bytes;
      if (unfinished(item.slot)) {
        left.push_back(item.record);
        left_bytes += bytes;
      }
    }
    if (pays_to_copy(left_bytes, held_bytes)) {
      e.kept = left.size();
      e.copied = true;
      e.batch->records.keep_copies(std::move(left));
    }
  }

  [[nodiscard]] std::deque<entry>::const_iterator locate(slot_id slot) const;
  void drop_finished(entry& e, std::size_t count);

  std::deque<entry> entries_;
};

} // namespace streamer
