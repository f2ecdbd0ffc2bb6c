#include "runtime/handlers/http/response_rule.hpp"

#include <algorithm>

namespace streamer {

judged_response judge_response(const response_rules& rules, int status,
                               std::optional<std::chrono::seconds> retry_after) {
  if (has_status(rules.success, status)) {
    return {response_meaning::success};
  }
  if (has_status(rules.skip, status)) {
    return {response_meaning::skip};
  }
  if (!has_status(rules.retry, status)) {
    return {response_meaning::reject};
  }
  using std::chrono::milliseconds;
  // Compared in seconds: a huge number must not overflow.
  const auto longest = std::chrono::ceil<std::chrono::seconds>(rules.longest_pause);
  if (retry_after && retry_after->count() > 0 && rules.longest_pause.count() > 0) {
    return {response_meaning::hold,
            *retry_after >= longest ? rules.longest_pause : milliseconds{*retry_after}};
  }
  return {response_meaning::retry};
}

} // namespace streamer
