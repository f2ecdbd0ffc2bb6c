#pragma once

#include "actors/consumer/record_source.hpp"

#include <map>
#include <optional>
#include <vector>

namespace streamer {

/// Which commits wait, and which are on their way. At most one request is on its way, so that an
/// older offset never overtakes a newer one; what comes meanwhile is merged, the newest of each
/// epoch wins and is the one that is answered. Pure; not thread-safe.
class commit_book {
 public:
  /// Enters a request of a partition that goes on.
  void enter(commit_request request);
  /// Enters the last request of a partition that is given up: it is tried again until it is
  /// settled or forgotten, and nobody is told. Requests entered after it are dropped.
  void enter_last(commit_request request);
  /// The epoch has ended: drops what waits and ignores the answer to what is on its way.
  void forget(assignment_epoch epoch);

  /// Something waits and nothing is on its way.
  [[nodiscard]] bool due() const { return in_flight_.empty() && !waiting_.empty(); }
  /// Takes everything that waits; it is on its way until `finish`. Empty unless `due()`.
  [[nodiscard]] std::vector<commit_request> send();
  /// How each partition of the request ended.
  struct ending {
    assignment_epoch epoch;
    commit_state state;
    const char* error; ///< static name of the error; empty when committed
  };
  /// Books the answer; returns what is to be told. A refused last request waits again: without its
  /// metadata if that was too large, since nobody is left to shorten it.
  [[nodiscard]] std::vector<commit_result> finish(const std::vector<ending>& endings);

  /// Nothing waits or is on its way, for this epoch or for any.
  [[nodiscard]] bool settled(assignment_epoch epoch) const;
  [[nodiscard]] bool settled() const { return in_flight_.empty() && waiting_.empty(); }
  /// A request is on its way.
  [[nodiscard]] bool busy() const { return !in_flight_.empty(); }

 private:
  struct entry {
    commit_request request;
    bool last = false;
    bool forgotten = false;
  };
  std::map<assignment_epoch, entry> waiting_;
  std::map<assignment_epoch, entry> in_flight_;
};

} // namespace streamer
