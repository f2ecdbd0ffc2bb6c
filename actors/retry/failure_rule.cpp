#include "actors/retry/failure_rule.hpp"

#include "messages/glob.hpp"

#include <algorithm>

namespace streamer {

bool worth_retrying(outcome_kind kind, failure_class cause, std::string_view exception,
                    const std::vector<std::string>& retry_on,
                    const std::vector<std::string>& reject_on) {
  switch (cause) {
    case failure_class::unmatched:
    case failure_class::undecodable:
    case failure_class::overflow:
    case failure_class::output_refused: return false;
    default: break;
  }
  const auto matches = [&](const std::string& glob) {
    return glob_matches(glob, to_string(cause)) ||
           (!exception.empty() && glob_matches(glob, exception));
  };
  if (std::any_of(reject_on.begin(), reject_on.end(), matches)) {
    return false;
  }
  return kind == outcome_kind::retry || std::any_of(retry_on.begin(), retry_on.end(), matches);
}

dead_letter_reason reason_for(outcome_kind judged, failure_class cause) {
  switch (cause) {
    case failure_class::unmatched: return dead_letter_reason::unmatched;
    case failure_class::undecodable: return dead_letter_reason::undecodable;
    case failure_class::overflow: return dead_letter_reason::overflow;
    case failure_class::timeout: return dead_letter_reason::timeout;
    default: break;
  }
  return judged == outcome_kind::retry ? dead_letter_reason::retries_exhausted
                                       : dead_letter_reason::handler_rejected;
}

} // namespace streamer
