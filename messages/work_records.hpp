#pragma once

#include "messages/record.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace streamer {

/// The records that were handed out together: as they were fetched, or, of those that are left
/// after a while, copies. Any thread.
class work_records {
 public:
  work_records() = default;
  /// All records of a batch.
  explicit work_records(record_batch_ptr batch) : now_{std::move(batch), nullptr} {}

  /// What somebody who holds it can rely on, whatever is copied meanwhile.
  struct view {
    record_batch_ptr batch;                                 ///< as fetched, or the copies
    std::shared_ptr<const std::vector<std::uint32_t>> left; ///< null: as fetched

    /// Where record `index` of the batch as it was fetched is in `batch`; nothing if it was not
    /// left: it had ended before.
    [[nodiscard]] std::optional<std::uint32_t> place_of(std::uint32_t index) const {
      if (!left) {
        return index;
      }
      const auto at = std::lower_bound(left->begin(), left->end(), index);
      return at != left->end() && *at == index
                 ? std::optional{static_cast<std::uint32_t>(at - left->begin())}
                 : std::nullopt;
    }

    /// That record; without a batch if it was not left.
    [[nodiscard]] record_ref ref(std::uint32_t index) const {
      const auto place = place_of(index);
      return place ? record_ref{batch, *place} : record_ref{};
    }
  };

  [[nodiscard]] view get() const {
    const std::lock_guard lock{mutex_};
    return now_;
  }

  /// Record `index` of the batch as it was fetched; see `view::ref`.
  [[nodiscard]] record_ref ref(std::uint32_t index) const { return get().ref(index); }

  /// An attempt, an output or whoever else has a view of it now: what is held would outlive copies
  /// for as long, and both would take memory.
  [[nodiscard]] bool read_by_others() const {
    const std::lock_guard lock{mutex_};
    return now_.batch.use_count() > 1;
  }

  /// Goes on with copies of these records alone, which must still be there, in rising order. What
  /// was held is let go of, once nobody has a view of it any more.
  void keep_copies(std::vector<std::uint32_t> left) {
    const auto from = get();
    std::vector<std::uint32_t> places;
    places.reserve(left.size());
    for (const auto index : left) {
      places.push_back(from.ref(index).index);
    }
    auto copies = std::make_shared<const detached_records>(*from.batch, places);
    view next{std::move(copies),
              std::make_shared<const std::vector<std::uint32_t>>(std::move(left))};
    const std::lock_guard lock{mutex_};
    now_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_; // the partition consumer copies, handlers read
  view now_;
};

} // namespace streamer
