// Marks of suspects in memory, as a test wants them.
#pragma once

#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace streamer::test {

/// Keeps the contract of `suspect_store`; answers at once.
class memory_marks final : public suspect_store {
 public:
  explicit memory_marks(std::shared_ptr<suspect_board> board) : board_{std::move(board)} {}

  std::uint64_t refresh() override { return ++asked_; }
  [[nodiscard]] std::uint64_t read_until() const override { return unread ? 0 : asked_.load(); }

  void write(std::vector<mark_change> changes, std::function<void(bool)> done) override {
    const bool ok = !refuse;
    {
      const std::lock_guard lock{mutex_};
      for (const auto& c : changes) {
        if (ok && c.mark) {
          board_->put(c.place, *c.mark);
        } else if (ok) {
          board_->erase(c.place);
        }
        if (ok) {
          written_.push_back(std::to_string(c.place.offset.value()) + " " +
                             (c.mark ? encode_mark(*c.mark) : "gone"));
        }
      }
    }
    if (done) {
      done(ok);
    }
  }

  /// What was written, as `OFFSET MARK`.
  [[nodiscard]] std::vector<std::string> written() const {
    const std::lock_guard lock{mutex_};
    return written_;
  }

  std::atomic<bool> refuse{false}; ///< nothing can be written
  std::atomic<bool> unread{false}; ///< nothing can be read

 private:
  std::shared_ptr<suspect_board> board_;
  std::atomic<std::uint64_t> asked_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> written_;
};

} // namespace streamer::test
