#include "actors/tenant/handler_calls.hpp"

#include <bit>
#include <thread>

namespace streamer {
namespace {

// As words, so that it is aligned for them.
std::shared_ptr<std::vector<std::uint64_t>> journal_heap(std::size_t slots) {
  return std::make_shared<std::vector<std::uint64_t>>(crash_journal::bytes_for(slots) /
                                                      sizeof(std::uint64_t));
}

// Threads begin their search in different words of the map, and so in different cache lines of the
// journal.
std::size_t first_word_of_thread(std::size_t words) noexcept {
  const auto id = std::hash<std::thread::id>{}(std::this_thread::get_id());
  return (id * 0x9e3779b97f4a7c15ULL >> 32U) % words;
}

} // namespace

handler_calls::handler_calls(std::size_t slots) : handler_calls{journal_heap(slots), slots} {
  outlives_ = false;
}

handler_calls::handler_calls(const std::shared_ptr<std::vector<std::uint64_t>>& heap,
                             std::size_t slots)
    : handler_calls{std::as_writable_bytes(std::span{*heap}), slots, heap} {}

handler_calls::handler_calls(std::span<std::byte> memory, std::size_t slots,
                             std::shared_ptr<void> keep)
    : keep_{std::move(keep)},
      journal_{memory, slots},
      used_((slots + slots_per_word - 1) / slots_per_word) {
  // The bits beyond the last slot are never free.
  if (const auto rest = slots % slots_per_word; rest != 0) {
    used_.back().store(~0ULL << rest);
  }
}

handler_calls::call handler_calls::take_slot(bool alone) noexcept {
  call c;
  c.of_ = this;
  c.alone_ = alone;
  const auto words = used_.size();
  const auto first = first_word_of_thread(words);
  for (std::size_t i = 0; i < words; ++i) {
    const auto w = (first + i) % words;
    auto used = used_[w].load(std::memory_order_relaxed);
    while (used != ~0ULL) {
      const auto free = static_cast<std::uint32_t>(std::countr_one(used));
      if (used_[w].compare_exchange_weak(used, used | 1ULL << free, std::memory_order_acquire)) {
        c.slot_ = static_cast<std::uint32_t>(w * slots_per_word) + free;
        c.owner_ = true;
        return c;
      }
    }
  }
  // The newest is kept, at the price of one of the others; which one changes, so that no record
  // stays unknown in every crash.
  const auto n = displaced_.fetch_add(1, std::memory_order_relaxed);
  c.slot_ = static_cast<std::uint32_t>((n * 0x9e3779b97f4a7c15ULL >> 32U) % journal_.slots());
  return c;
}

handler_calls::call handler_calls::enter() noexcept {
  running_.fetch_add(1);
  if (held_.load()) {
    if (running_.fetch_sub(1) == 1) {
      tell_if_quiet();
    }
    return {};
  }
  return take_slot(false);
}

handler_calls::call handler_calls::enter_alone() noexcept {
  running_.fetch_add(1);
  return take_slot(true);
}

void handler_calls::leave(const call& ended) noexcept {
  journal_.clear(ended.slot_);
  if (ended.owner_) {
    used_[ended.slot_ / slots_per_word].fetch_and(~(1ULL << ended.slot_ % slots_per_word),
                                                  std::memory_order_release);
  }
  if (running_.fetch_sub(1) == 1 && held_.load()) {
    tell_if_quiet();
  }
}

void handler_calls::tell_if_quiet() {
  std::function<void()> quiet;
  {
    const std::lock_guard lock{mutex_};
    if (running_.load() > 0) {
      return;
    }
    quiet = std::exchange(quiet_, nullptr);
  }
  if (quiet) {
    quiet();
  }
}

void handler_calls::hold(std::function<void()> quiet) {
  held_.store(true);
  when_quiet(std::move(quiet));
}

void handler_calls::when_quiet(std::function<void()> quiet) {
  {
    const std::lock_guard lock{mutex_};
    quiet_ = std::move(quiet);
  }
  tell_if_quiet();
}

void handler_calls::let_go() {
  std::vector<std::function<void()>> woken;
  {
    const std::lock_guard lock{mutex_};
    held_.store(false);
    quiet_ = nullptr;
    woken.swap(woken_);
  }
  for (const auto& wake : woken) {
    wake();
  }
}

void handler_calls::when_let_go(std::function<void()> woken) {
  {
    const std::lock_guard lock{mutex_};
    if (held_.load()) {
      woken_.push_back(std::move(woken));
      return;
    }
  }
  woken();
}

void handler_calls::on_alone_ended(std::function<void(bool)> told) {
  const std::lock_guard lock{mutex_};
  alone_told_ = std::move(told);
}

void handler_calls::alone_ended(bool finished) {
  std::function<void(bool)> told;
  {
    const std::lock_guard lock{mutex_};
    told = alone_told_;
  }
  if (told) {
    told(finished);
  }
}

} // namespace streamer
