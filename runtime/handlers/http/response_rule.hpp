#pragma once

#include "config/status_ranges.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace streamer {

/// Which statuses mean what, and how long a server may make the handler pause.
struct response_rules {
  status_ranges success{{200, 299}};
  status_ranges skip;
  status_ranges retry{{408, 408}, {425, 425}, {429, 429}, {500, 599}};
  std::chrono::milliseconds longest_pause{60'000}; ///< 0: none
};

/// What a response means for its record.
enum class response_meaning : std::uint8_t {
  success,
  skip,
  retry,
  reject,
  hold, ///< not now: nothing more is sent for `pause`, and the record waits without an attempt
};

struct judged_response {
  response_meaning meaning = response_meaning::reject;
  std::chrono::milliseconds pause{0}; ///< of `hold`
};

/// Judges a status. `retry_after`: what the header says, if it is there and in the future.
[[nodiscard]] judged_response judge_response(const response_rules& rules, int status,
                                             std::optional<std::chrono::seconds> retry_after);

/// How often one record has been told to wait while others got through: a server that refuses one
/// record only must not hold it, and with it the handler, for ever. A plain value, one a record.
class patience {
 public:
  /// So often it may happen; then the refusal counts as a failed attempt.
  static constexpr std::uint32_t most_refusals = 10;

  /// The record was told to wait. `successes`: of all records so far. False: it is enough.
  constexpr bool refused(std::uint64_t successes) {
    if (refused_before_ && successes != successes_then_) {
      ++beside_success_;
    }
    refused_before_ = true;
    successes_then_ = successes;
    return beside_success_ < most_refusals;
  }

 private:
  std::uint64_t successes_then_ = 0;
  std::uint32_t beside_success_ = 0;
  bool refused_before_ = false;
};

} // namespace streamer
