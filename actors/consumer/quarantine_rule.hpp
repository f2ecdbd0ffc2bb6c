#pragma once

#include "actors/consumer/suspect.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace streamer {

/// A suspect whose turn in its key's order has come, and who asks for it.
struct suspect_request {
  record_place place;
  assignment_epoch epoch;
  slot_id slot;
  [[nodiscard]] bool same(assignment_epoch e, slot_id s) const { return epoch == e && slot == s; }
};

/// How long the suspects may keep others from working.
struct quarantine_limits {
  /// Other calls are held this long, then they get as much time again as they have waited.
  std::chrono::milliseconds hold{1'000};
  /// The most that others get before the next suspect runs.
  std::chrono::milliseconds longest_pause{30'000};
  /// Calls that have not ended by then will not: the suspect runs beside them.
  std::chrono::milliseconds patience{31'000};
  /// A run alone that has neither begun nor ended by then is given up.
  std::chrono::milliseconds longest_run{60'000};
  /// A process that lives this long without the record would not have ended without it.
  std::chrono::milliseconds doubt{2'000};
  std::chrono::milliseconds first_backoff{1'000}; ///< after a mark that could not be written
  std::chrono::milliseconds longest_backoff{30'000};
};

/// Decides when each suspect runs alone, and which one does not run any more. One at a time: others
/// are held, the mark "runs alone" is acknowledged, nothing else runs; then it runs, and its mark
/// is cleared. Where a process ended while it ran, and left no word why, it is not known whether
/// that was the record's doing: it counts only if this process lives on without the record for
/// a while. A plain value; it says what to do, and is told what happened.
class quarantine_rule {
 public:
  using clock = std::chrono::steady_clock;

  struct hold_calls {};  ///< let none in, and say when none runs any more
  struct watch_calls {}; ///< they are held: say when none runs any more
  struct let_go {};      ///< let calls in again
  /// Tell `on_marked`; changes and marks are written in the order in which they are given.
  struct write_mark {
    record_place place;
    suspect_mark mark;
  };
  struct change_mark {
    record_place place;
    std::optional<suspect_mark> mark;
  };
  struct run { ///< now, alone
    suspect_request what;
  };
  struct count_crash { ///< it ended a process while it ran alone
    record_place place;
    std::uint32_t crashes; ///< with this one
  };
  struct condemn { ///< to the DLQ
    suspect_request what;
    std::uint32_t crashes;
  };
  using action = std::variant<hold_calls, watch_calls, let_go, write_mark, change_mark, run,
                              count_crash, condemn>;
  using actions = std::vector<action>;

  /// `process`: this run of this process, as marks name it.
  explicit quarantine_rule(std::string process, quarantine_limits limits = {})
      : process_{std::move(process)}, limits_{limits} {}

  /// A suspect asks for its turn; `known` is its mark. Asking again begins anew.
  [[nodiscard]] actions on_wanted(const suspect_request& r, const suspect_mark& known,
                                  clock::time_point now);
  /// No call runs any more.
  [[nodiscard]] actions on_quiet(clock::time_point now);
  /// Whether the last `write_mark` was acknowledged.
  [[nodiscard]] actions on_marked(bool ok, clock::time_point now);
  /// The run alone has ended; `finished`: with an outcome that is its last.
  [[nodiscard]] actions on_ended(bool finished, clock::time_point now);
  /// It will not be run, for now: its partition is being given up.
  [[nodiscard]] actions on_declined(assignment_epoch epoch, slot_id slot, clock::time_point now);
  /// Nothing of this epoch wants a turn any more.
  [[nodiscard]] actions on_gone(assignment_epoch epoch, clock::time_point now);
  [[nodiscard]] actions on_tick(clock::time_point now);

  [[nodiscard]] std::size_t waiting() const { return queue_.size() + doubted_.size(); }
  /// A suspect runs alone now.
  [[nodiscard]] bool runs() const { return state_ == state::running; }

 private:
  enum class state : std::uint8_t {
    open,    // nobody is held
    ready,   // others are held; the head of the queue waits for quiet and for its mark
    running, // the head runs
  };
  struct entry {
    suspect_request request;
    std::uint32_t crashes = 0;
  };

  struct doubt {
    suspect_request request;
    std::uint32_t crashes = 0;
    std::string died; // the process that it ran alone in
    clock::time_point until;
  };

  void begin_doubt(const suspect_request& r, const suspect_mark& known, actions& todo,
                   clock::time_point now);
  void end_doubts(actions& todo, clock::time_point now);
  template <class Gone>
  void drop_doubts(Gone gone, actions& todo);
  actions advance(actions todo, clock::time_point now);
  actions end_run(bool finished, actions todo, clock::time_point now);
  void begin_turn(actions& todo, clock::time_point now);
  void release(actions& todo, clock::time_point now);
  void remove(const std::deque<entry>::iterator& e, actions& todo);

  std::string process_;
  quarantine_limits limits_;
  std::deque<entry> queue_; // the head is the one whose turn it is
  std::vector<doubt> doubted_;
  state state_ = state::open;
  bool quiet_ = false;               // since the head's turn began
  bool marking_ = false;             // the head's mark is on its way
  bool marked_ = false;              // and has been acknowledged
  std::size_t unwanted_answers_ = 0; // to marks of heads that have gone
  clock::time_point held_since_{};
  clock::time_point turn_since_{};
  clock::time_point not_before_{};
  std::chrono::milliseconds backoff_{0};
};

} // namespace streamer
