#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace streamer {

/// What a handler says of one record.
enum class outcome_kind : std::uint8_t {
  success, ///< processed; what it emitted is sent
  skip,    ///< deliberately not processed; counts as finished
  retry,   ///< failed, may pass: in place, with back-off
  reject,  ///< failed for good: to the DLQ
};

/// Why a record failed, as counted in metrics and matched by `retry_on` and `reject_on`.
/// Kept apart from the free text, which may hold anything.
enum class failure_class : std::uint8_t {
  none,
  handler,         ///< the handler said retry or reject
  exception,       ///< an exception escaped the handler
  timeout,         ///< the attempt ran past its timeout and was fenced
  output_refused,  ///< what it emitted was refused for good
  abandoned,       ///< the handler let go of the record without an outcome
  handler_restart, ///< the handler actor died while it held the record; costs no attempt
  unmatched,       ///< no handler is configured for the record
  undecodable,     ///< the event's envelope cannot be read
  overflow,        ///< the tenant filled its share (`tenants.overflow = dead_letter`)
  quarantined,     ///< not run: a suspect, which waits to run alone; costs no attempt
};

/// Result of one attempt.
struct outcome {
  outcome_kind kind = outcome_kind::success; ///< what it is
  failure_class cause = failure_class::none; ///< why it failed; none for success and skip
  std::string reason;                        ///< free text, untrusted; shown escaped and capped
  std::string exception;                     ///< type of the escaped exception, if one escaped

  /// Processed: what was emitted is sent.
  [[nodiscard]] static outcome success() { return {}; }
  /// Deliberately not processed; finished.
  [[nodiscard]] static outcome skip(std::string why) {
    return {outcome_kind::skip, failure_class::none, std::move(why), {}};
  }
  /// Failed, may pass: again after a back-off.
  [[nodiscard]] static outcome retry(std::string why) {
    return {outcome_kind::retry, failure_class::handler, std::move(why), {}};
  }
  /// Failed for good: to the DLQ.
  [[nodiscard]] static outcome reject(std::string why) {
    return {outcome_kind::reject, failure_class::handler, std::move(why), {}};
  }
};

/// Thrown by a handler to reject a record: the DLQ takes it without a retry.
class permanent_error : public std::exception {
 public:
  /// The reason, for logs and the dead letter.
  explicit permanent_error(std::string why) : why_{std::move(why)} {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); } ///< the reason

 private:
  std::string why_;
};

/// Name of a failure class, as used in configuration, metrics and headers.
[[nodiscard]] std::string_view to_string(failure_class c);

/// Why a record is in the DLQ (`streamer.dlq.reason`).
enum class dead_letter_reason : std::uint8_t {
  handler_rejected,
  retries_exhausted,
  overflow,
  timeout,
  crash,
  undecodable,
  unmatched,
  too_large,
};

/// Name of a reason, as written to the header and the metric label.
[[nodiscard]] std::string_view to_string(dead_letter_reason r);

} // namespace streamer
