#pragma once

#include "actors/supervision/actor_vitals.hpp"
#include "actors/supervision/restart_intensity.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What the supervision tree looks like, for people: /status, the inspector and tests. Supervisors
/// write down their children here; nobody decides anything by it. Thread-safe.
class actor_board {
 public:
  struct row {
    std::string name; ///< unique: the kind, and whom it serves
    std::string kind;
    std::string parent; ///< name of its supervisor; empty for the root
    std::uint64_t restarts = 0;
    caf::actor_addr address;
    std::shared_ptr<const actor_vitals> vitals{}; ///< absent: nothing is known
  };
  /// Why an actor ended unasked, and when by the actors' clock.
  struct failure {
    std::string reason;
    std::chrono::steady_clock::time_point at;
  };
  /// All that is here, at one moment.
  struct contents {
    std::vector<row> rows;                            ///< in the order of their names
    std::map<std::string, restart_intensity> budgets; ///< by supervisor
    std::map<std::string, failure> failures;          ///< by name of the actor
  };

  void put(row r);
  void remove(const std::string& name);
  /// What a supervisor grants its children; `of` is its name, or `supervisor/child` for a child
  /// with a budget of its own.
  void put_budget(const std::string& of, restart_intensity budget);
  /// An actor of this name ended unasked. Outlives its row; the newest thousand are kept.
  void put_failure(const std::string& name, failure f);

  [[nodiscard]] std::vector<row> rows() const;
  [[nodiscard]] contents all() const;
  /// Some living actor of a kind.
  [[nodiscard]] std::optional<row> any_of(const std::string& kind) const;
  /// Unread messages by kind of actor.
  [[nodiscard]] std::map<std::string, std::int64_t> mailbox_depths() const;

 private:
  std::vector<row> rows_now() const;

  mutable std::mutex mutex_;
  std::map<std::string, row> rows_;
  std::map<std::string, restart_intensity> budgets_;
  std::map<std::string, failure> failures_;
};

} // namespace streamer
