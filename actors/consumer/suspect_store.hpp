#pragma once

#include "actors/consumer/suspect.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace streamer {

/// A mark to be written, or, without one, to be cleared.
struct mark_change {
  record_place place;
  std::optional<suspect_mark> mark;
};

/// Where marks survive a process: the group's topic, or a file where there is none. What is read
/// and what is written lies on the process's suspect_board by the time it is said to be done.
/// Members return at once and may be called from any thread.
class suspect_store {
 public:
  virtual ~suspect_store() = default;

  /// Asks for what others have written until now; `read_until() >= ` the number that this returns
  /// when it is on the board.
  virtual std::uint64_t refresh() = 0;
  [[nodiscard]] virtual std::uint64_t read_until() const = 0;

  /// Writes changes in the order of the calls. `done(true)` once all of these are acknowledged,
  /// `done(false)` if they could not be written for now; from any thread, also within the call.
  /// Without `done` they are tried until they are written.
  virtual void write(std::vector<mark_change> changes, std::function<void(bool)> done) = 0;
};

} // namespace streamer
