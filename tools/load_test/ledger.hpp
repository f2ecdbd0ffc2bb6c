// What was sent and what arrived, per (tenant, key): the verdict on lost, duplicated, reordered.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace streamer::tools {

/// The count of everything that went wrong, and of what did not.
struct verdict {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;      ///< sent, and never acknowledged
  std::uint64_t arrived = 0;      ///< distinct events
  std::uint64_t lost = 0;         ///< acknowledged, and never arrived
  std::uint64_t duplicated = 0;   ///< arrivals beyond the first
  std::uint64_t out_of_order = 0; ///< first arrived after a later event of its lane
  std::uint64_t invented = 0;     ///< arrived, and never sent
  /// False once there were more gaps or refusals than the ledger holds: the counts are then lower
  /// bounds, and so many gaps are a failure by themselves.
  bool exact = true;

  /// Nothing is wrong.
  [[nodiscard]] bool clean() const {
    return lost == 0 && duplicated == 0 && out_of_order == 0 && invented == 0 && exact;
  }

  friend bool operator==(const verdict&, const verdict&) = default;
};

/// Follows the sequences of a fixed number of lanes; a lane is one key of one tenant. Holds 16
/// bytes a lane, and one entry for each run of events that are overtaken and missing, of which
/// there are none while order holds. Pure; not thread-safe.
class ledger {
 public:
  static constexpr std::size_t default_capacity = 1'000'000;

  /// `capacity`: most gaps, and most refusals, that are kept apart.
  explicit ledger(std::uint32_t lanes, std::size_t capacity = default_capacity);

  /// The sequence number of the lane's next event, from 0.
  [[nodiscard]] std::uint64_t next(std::uint32_t lane);

  /// The event was not acknowledged: it may arrive or not.
  void refused(std::uint32_t lane, std::uint64_t sequence);

  /// The event arrived.
  void arrived(std::uint32_t lane, std::uint64_t sequence);

  /// Acknowledged events that have not arrived yet, refused ones not counted: 0 means that nothing
  /// more has to come. Constant time.
  [[nodiscard]] std::int64_t outstanding() const;

  /// The counts so far; what has not arrived counts as lost. Walks through all lanes.
  [[nodiscard]] verdict judge() const;

 private:
  struct lane_state {
    std::uint64_t sent = 0;
    std::uint64_t highest = 0; ///< one past the highest that arrived
  };
  using position = std::pair<std::uint32_t, std::uint64_t>;

  [[nodiscard]] bool fill_gap(std::uint32_t lane, std::uint64_t sequence);

  std::vector<lane_state> lanes_;
  std::map<position, std::uint64_t> gaps_; ///< start of each missing run, and its end
  std::set<position> refused_;
  std::size_t capacity_;
  std::uint64_t refused_arrived_ = 0;
  verdict counts_;
};

} // namespace streamer::tools
