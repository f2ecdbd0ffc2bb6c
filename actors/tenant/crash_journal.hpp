#pragma once

#include "messages/ids.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamer {

/// A record that was in a handler's call when its process ended.
struct journal_entry {
  topic_partition tp;
  offset_id offset;
  std::uint32_t attempt = 0; ///< its number, from 1; 65,535 stands for all above
  bool alone = false;        ///< a suspect's run alone: the group knows of it
  friend auto operator<=>(const journal_entry&, const journal_entry&) = default;
};

/// What a journal said.
struct journal_contents {
  std::vector<journal_entry> entries; ///< no two alike
  std::size_t torn = 0;               ///< slots that hold nothing sensible and were passed over
  std::string process;                ///< as `name_process` was told; may be empty
  int ended_by = 0;                   ///< the signal of its crash; 0: it left no word
};

/// The records in handlers' calls, in memory that outlives the process (a mapped file) or not. No
/// payload and no key. A slot is two words; the second holds a check over both, so that one that
/// was written by half is recognised. Slots may be written by different threads at a time, each by
/// one; topics by any.
class crash_journal {
 public:
  /// Stands for a topic that did not fit: its records are not written down.
  static constexpr std::uint64_t no_place = 0;

  /// Memory in bytes for this many slots.
  [[nodiscard]] static std::size_t bytes_for(std::size_t slots);
  /// Lays a journal out in `memory`: zeroes, aligned to 8 bytes, `bytes_for(slots)` of them.
  crash_journal(std::span<std::byte> memory, std::size_t slots);
  crash_journal(const crash_journal&) = delete;
  crash_journal& operator=(const crash_journal&) = delete;

  /// What `write` takes for the records of a partition, or `no_place`.
  [[nodiscard]] std::uint64_t place_of(const topic_partition& tp);

  /// Says that a call with this record begins in a slot. `place` is not `no_place`.
  void write(std::size_t slot, std::uint64_t place, std::uint32_t attempt, bool alone,
             offset_id offset) noexcept {
    const auto where = with_attempt(place, attempt, alone);
    auto& words = slots_[slot];
    // A crash between the two stores leaves an empty slot or a check that does not fit.
    if (std::atomic_ref{words.place}.load(std::memory_order_relaxed) != where) {
      std::atomic_ref{words.record}.store(0, std::memory_order_release);
      std::atomic_ref{words.place}.store(where, std::memory_order_release);
    }
    std::atomic_ref{words.record}.store(checked(where, offset), std::memory_order_release);
  }
  /// Says that the slot's call has ended.
  void clear(std::size_t slot) noexcept {
    std::atomic_ref{slots_[slot].record}.store(0, std::memory_order_release);
  }

  /// Says who writes here: the name by which marks call this process, 31 characters at most.
  void name_process(std::string_view name) noexcept;
  /// Says that this process crashes now, by this signal. For a signal handler.
  void note_end(int signal) noexcept {
    std::atomic_ref{*ended_by_}.store(static_cast<std::uint64_t>(signal),
                                      std::memory_order_release);
  }

  [[nodiscard]] std::size_t slots() const { return slots_.size(); }

  /// Reads what an ended process left; nothing if the bytes are no journal. Takes any bytes.
  [[nodiscard]] static std::optional<journal_contents> read(std::span<const std::byte> bytes);

 private:
  struct slot_words {
    std::uint64_t place;
    std::uint64_t record; // 0: no call
  };

  // From above: topic 16 bits, partition 24, attempt 16, alone 1.
  static constexpr std::uint64_t with_attempt(std::uint64_t place, std::uint32_t attempt,
                                              bool alone) noexcept {
    const std::uint64_t number = attempt < 0xFFFFU ? attempt : 0xFFFFU;
    return place | number << 1U | (alone ? 1U : 0U);
  }
  // offset + 1 in 48 bits, check in 16. One that does not fit does not match its check.
  static constexpr std::uint64_t checked(std::uint64_t place, offset_id offset) noexcept {
    const auto n = static_cast<std::uint64_t>(offset.value() + 1);
    return n << 16U | check_of(place, n);
  }
  static constexpr std::uint64_t check_of(std::uint64_t place, std::uint64_t n) noexcept {
    return ((place ^ n << 17U ^ n >> 5U) * 0x9e3779b97f4a7c15ULL) >> 48U;
  }

  std::span<std::byte> memory_;
  std::uint64_t* ended_by_;
  std::span<slot_words> slots_;
  std::mutex mutex_; // of what follows
  std::unordered_map<std::string, std::uint64_t> topics_;
};

} // namespace streamer
