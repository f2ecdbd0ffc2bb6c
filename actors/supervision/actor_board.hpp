#pragma once

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What the supervision tree looks like, for people: /status and tests. Supervisors write
/// down their children here; nobody decides anything by it. Thread-safe.
class actor_board {
 public:
  struct row {
    std::string name; ///< unique: the kind, and whom it serves
    std::string kind;
    std::string parent; ///< name of its supervisor; empty for the root
    std::uint64_t restarts = 0;
    caf::actor_addr address;
  };

  void put(row r);
  void remove(const std::string& name);
  [[nodiscard]] std::vector<row> rows() const;
  /// Some living actor of a kind.
  [[nodiscard]] std::optional<row> any_of(const std::string& kind) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, row> rows_;
};

} // namespace streamer
