#pragma once

#include "messages/record.hpp"

#include <cstddef>
#include <optional>

namespace streamer {

/// What conflation has to know of a record that waits for its turn in a lane.
struct conflation_candidate {
  std::optional<std::size_t> handler; ///< the entry that takes it, if that one conflates
  bytes_ref key;
  bool failing = false; ///< it has been attempted before, or is a suspect
};

/// Whether `older`, whose turn it is, may be skipped in favour of `newer`, the next in its lane:
/// one conflating handler takes both, both have the same key, and neither is failing: a failing
/// record keeps its place, before and behind it nothing is passed over. A lane may be a whole
/// partition, or two keys by chance, so that the keys are compared.
[[nodiscard]] constexpr bool may_pass_over(const conflation_candidate& older,
                                           const conflation_candidate& newer) {
  return older.handler && older.handler == newer.handler && !older.failing && !newer.failing &&
         !older.key.is_null() && !newer.key.is_null() && older.key.view() == newer.key.view();
}

} // namespace streamer
