// The books of each partition: where every received record went, and what the lag consists of.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Where the received records of a partition went. All but `pending` only grow.
struct record_counts {
  std::uint64_t received = 0;
  std::uint64_t processed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t dead_lettered = 0;
  /// Given up unfinished: the assignment ended, or the attempt was fenced at the drain deadline.
  std::uint64_t fenced = 0;
  /// Received again although an earlier run had finished it, as the commit metadata says.
  std::uint64_t already_done = 0;
  std::uint64_t pending = 0;

  /// received = processed + skipped + dead-lettered + fenced + already done + pending.
  [[nodiscard]] bool balanced() const noexcept {
    return received == processed + skipped + dead_lettered + fenced + already_done + pending;
  }

  friend bool operator==(const record_counts&, const record_counts&) = default;
};

/// The offsets between the committed one and the end, by what they wait for. They add up to end −
/// committed: an offset without a record (compaction, transaction markers) counts as done once it
/// lies before what was taken in, and before that as its neighbours do.
struct lag_counts {
  std::uint64_t unfetched = 0;
  std::uint64_t fetched = 0;
  std::uint64_t queued = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t waiting_retry = 0;
  std::uint64_t waiting_dlq = 0;
  std::uint64_t held = 0;
  std::uint64_t done_uncommitted = 0;

  [[nodiscard]] std::uint64_t total() const noexcept {
    return unfetched + fetched + queued + in_flight + waiting_retry + waiting_dlq + held +
           done_uncommitted;
  }

  friend bool operator==(const lag_counts&, const lag_counts&) = default;
};

/// The offsets between which the lag and its parts lie; negative: not known (yet).
struct lag_span {
  std::int64_t from = -1;     ///< committed; without a commit, where reading began
  std::int64_t taken_in = -1; ///< next offset to be taken in: each one before it has its place
  std::int64_t held_to = -1;  ///< next offset behind what is held back unread
  std::int64_t position = -1; ///< next offset that the Kafka client hands over
  std::int64_t end = -1;

  friend bool operator==(const lag_span&, const lag_span&) = default;
};

/// The present state of an assigned partition.
struct partition_state {
  lag_counts lag;
  lag_span span;
  /// Timestamp of the oldest unfinished record; nothing when all is finished or it has none.
  std::optional<std::chrono::system_clock::time_point> oldest_unfinished;
  /// When the oldest progress not yet committed was made; nothing when all is committed.
  std::optional<std::chrono::steady_clock::time_point> uncommitted_since;
  /// Unfinished records are of a tenant that an operator has paused.
  bool tenant_paused = false;
};

/// One partition at one moment. Counts stay after the partition left; its state does not.
struct partition_account {
  std::string topic;
  std::int32_t partition = 0;
  record_counts records;
  std::optional<partition_state> state;
};

namespace detail {
class account_books;
}

/// The page of one assignment epoch of one partition. Its owner publishes after every batch; when
/// it is destroyed the epoch ends and what is pending counts as fenced: this process will not
/// finish it. Move-only; may be used by one thread at a time, beside scrapes of others.
class account_page {
 public:
  account_page() = default;
  account_page(std::shared_ptr<detail::account_books> books, std::uint64_t id) noexcept;
  account_page(account_page&& other) noexcept;
  account_page& operator=(account_page&& other) noexcept;
  account_page(const account_page&) = delete;
  account_page& operator=(const account_page&) = delete;
  ~account_page();

  /// Replaces what the page says. `counts` are those of this epoch alone and must balance.
  void publish(const record_counts& counts, const partition_state& state);

  /// Ends the epoch now. Later calls do nothing.
  void close() noexcept;

 private:
  std::shared_ptr<detail::account_books> books_;
  std::uint64_t id_ = 0;
};

/// All pages of a process; adds the epochs of a partition up, so that its counters never fall.
/// Thread-safe; a scrape sees each page as one publish left it, never half of it.
class account_board {
 public:
  account_board();

  /// Opens the page of a new epoch. An older one of the same partition may still be open.
  [[nodiscard]] account_page open(std::string_view topic, std::int32_t partition);

  /// All partitions that ever had a page, by topic and partition.
  [[nodiscard]] std::vector<partition_account> snapshot() const;

 private:
  std::shared_ptr<detail::account_books> books_;
};

} // namespace streamer
