#pragma once

#include "messages/outcome.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Whether a failure is worth another attempt, before attempts and time are looked at.
/// `retry_on` and `reject_on` are globs over the cause's name and the exception's type;
/// `reject_on` wins. Causes that no handler can mend are never tried again.
[[nodiscard]] bool worth_retrying(outcome_kind kind, failure_class cause,
                                  std::string_view exception,
                                  const std::vector<std::string>& retry_on,
                                  const std::vector<std::string>& reject_on);

/// The DLQ's reason for a failure that gets no further attempt. `judged` is `retry` if it was worth
/// one and the attempts or the time are spent.
[[nodiscard]] dead_letter_reason reason_for(outcome_kind judged, failure_class cause);

} // namespace streamer
