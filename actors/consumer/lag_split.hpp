// What the lag of a partition consists of: the parts add up to end − committed, always.
#pragma once

#include "messages/ids.hpp"
#include "runtime/telemetry/accounts.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace streamer {

/// Where an offset of the lag is. In the order of a record's life.
enum class lag_state : std::uint8_t {
  unfetched,       ///< not handed over by the Kafka client
  fetched,         ///< handed over, not taken in by its partition consumer
  queued,          ///< taken in, waits for its tenant's turn
  in_flight,       ///< at its tenant's handler, or what it emitted is not acknowledged
  waiting_retry,   ///< failed; its next attempt lies in the future
  waiting_dlq,     ///< its dead letter is not acknowledged
  held,            ///< behind a tenant that filled its share, or a suspect that is to run alone
  done_uncommitted ///< finished, or no record at all: waits for nothing but the commit
};
inline constexpr std::size_t lag_state_count = 8;

/// As in the label of streamer_lag_records.
[[nodiscard]] std::string_view to_string(lag_state s);
[[nodiscard]] std::uint64_t count_of(const lag_counts& lag, lag_state s);

/// What a partition consumer knows of the offsets that it was handed, at one moment.
struct taken_in_facts {
  std::optional<offset_id> committed;
  std::optional<offset_id> first;    ///< that this owner was handed; counts without a commit
  std::optional<offset_id> taken_in; ///< next to be taken in
  std::optional<offset_id> held_to;  ///< one past the last that is held back unread
  std::uint64_t unfinished = 0;      ///< taken in and not finished
  std::int64_t at_handlers = 0;      ///< of these
  std::uint64_t waiting_retry = 0;
  std::uint64_t waiting_dlq = 0;
  std::uint64_t waiting_alone = 0;
};

/// What the Kafka client knows of the partition; negative: not known.
struct source_facts {
  std::int64_t low = -1;
  std::int64_t position = -1;
  std::int64_t end = -1;
  bool reset_to_end = false; ///< where reading begins without a commit
};

/// One partition's lag, by parts.
struct lag_split {
  lag_counts parts;
  lag_span span;

  friend bool operator==(const lag_split&, const lag_split&) = default;
};

/// The parts up to what is held back; `unfetched`, `fetched`, `position` and `end` stay open. What
/// is neither at a handler nor waiting elsewhere is queued.
[[nodiscard]] lag_split split_taken_in(const taken_in_facts& facts);

/// Adds what the client knows. The two may be of slightly different moments: what one has not heard
/// of yet counts as its neighbour does, so the parts still add up to `end − from`. While nothing is
/// known all parts are 0 and the end is negative.
[[nodiscard]] lag_split complete(lag_split taken_in, const source_facts& source);

/// An age that is known exactly, or by what is older.
struct lag_age {
  std::chrono::milliseconds age{0};
  bool at_most = false;
  friend bool operator==(const lag_age&, const lag_age&) = default;
};

/// The times from which ages are told: timestamps of records in ms since 1970, negative where there
/// is none.
struct lag_times {
  /// The oldest record in each state, by its own timestamp.
  std::array<std::int64_t, lag_state_count> oldest{-1, -1, -1, -1, -1, -1, -1, -1};
  /// The newest record that was taken in: whatever comes later is younger.
  std::int64_t newest = -1;
  /// How long the frontier's last step has waited for its commit.
  std::optional<std::chrono::milliseconds> uncommitted_for;
};

/// How old the oldest record in a state is at `now_ms`. Records that nobody has looked at are not
/// older than those before them; finished ones not older than the one that holds the frontier, or,
/// where nothing does, as old as their commit is due. Nothing: not known.
[[nodiscard]] std::optional<lag_age> age_of(lag_state s, const lag_times& times,
                                            std::int64_t now_ms);

} // namespace streamer
