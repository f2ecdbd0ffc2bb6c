#pragma once

#include "actors/tenant/crash_journal.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace streamer {

/// The calls of handlers that run in this process: each is written into the crash journal while it
/// runs, and all can be held so that one suspect runs alone. Thread-safe; nothing here waits.
class handler_calls {
 public:
  /// One call, or calls one after the other on one thread; ends with the object. May be moved to
  /// another thread.
  class call {
   public:
    call() = default;
    call(call&& other) noexcept { *this = std::move(other); }
    call& operator=(call&& other) noexcept {
      release();
      of_ = std::exchange(other.of_, nullptr);
      slot_ = other.slot_;
      owner_ = other.owner_;
      alone_ = other.alone_;
      return *this;
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    ~call() { release(); }

    /// False: it was not let in, or has ended.
    explicit operator bool() const { return of_ != nullptr; }
    /// The record that the call has now, instead of the one before. `place` as
    /// crash_journal::place_of says.
    void runs(std::uint64_t place, std::uint32_t attempt, offset_id offset) noexcept {
      if (place != crash_journal::no_place) {
        of_->journal_.write(slot_, place, attempt, alone_, offset);
      }
    }
    void release() noexcept {
      if (of_ != nullptr) {
        std::exchange(of_, nullptr)->leave(*this);
      }
    }

   private:
    friend class handler_calls;
    handler_calls* of_ = nullptr;
    std::uint32_t slot_ = 0;
    bool owner_ = false; // of the slot: another call's has been taken when all were in use
    bool alone_ = false;
  };

  /// Without a file: nothing outlives the process.
  explicit handler_calls(std::size_t slots = 1'024);
  /// Over the memory of a journal file; `keep` keeps it mapped.
  handler_calls(std::span<std::byte> memory, std::size_t slots, std::shared_ptr<void> keep);
  handler_calls(const handler_calls&) = delete;
  handler_calls& operator=(const handler_calls&) = delete;

  [[nodiscard]] crash_journal& journal() { return journal_; }
  /// What `call::runs` takes for a partition's records. Without a file there is none to write them
  /// for.
  [[nodiscard]] std::uint64_t place_of(const topic_partition& tp) {
    return outlives_ ? journal_.place_of(tp) : crash_journal::no_place;
  }

  /// Lets a call in; an empty one while calls are held.
  [[nodiscard]] call enter() noexcept;
  /// Lets the suspect's call in whatever is held.
  [[nodiscard]] call enter_alone() noexcept;
  /// Whether calls are held.
  [[nodiscard]] bool held() const noexcept { return held_.load(std::memory_order_relaxed); }
  /// Calls that run now.
  [[nodiscard]] std::int64_t running() const noexcept { return running_.load(); }

  /// Lets no call in any more until `let_go`. `quiet` is called once, from any thread, when none
  /// runs, perhaps at once.
  void hold(std::function<void()> quiet);
  /// Calls `quiet` once when no call runs, as `hold` does.
  void when_quiet(std::function<void()> quiet);
  void let_go();
  /// Calls `woken` once when calls are let in again, at once if they are.
  void when_let_go(std::function<void()> woken);

  /// Who hears that the run alone has ended; `finished`: with an outcome that ends the record.
  void on_alone_ended(std::function<void(bool finished)> told);
  void alone_ended(bool finished);

  /// Calls that took another's slot because all were in use: what they took is not in the journal.
  [[nodiscard]] std::uint64_t displaced() const noexcept { return displaced_.load(); }

 private:
  static constexpr std::size_t slots_per_word = 64;

  handler_calls(const std::shared_ptr<std::vector<std::uint64_t>>& heap, std::size_t slots);
  [[nodiscard]] call take_slot(bool alone) noexcept;
  void leave(const call& ended) noexcept;
  void tell_if_quiet();

  std::shared_ptr<void> keep_;
  bool outlives_ = true;
  crash_journal journal_;
  std::vector<std::atomic<std::uint64_t>> used_; // a bit a slot
  alignas(64) std::atomic<bool> held_{false};
  alignas(64) std::atomic<std::int64_t> running_{0};
  std::atomic<std::uint64_t> displaced_{0};

  std::mutex mutex_; // of what follows
  std::function<void()> quiet_;
  std::vector<std::function<void()>> woken_;
  std::function<void(bool)> alone_told_;
};

} // namespace streamer
