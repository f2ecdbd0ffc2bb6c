// What the process's exit codes mean.
#pragma once

namespace streamer::tools {

/// Exit codes, as the documentation states them.
enum exit_code : int {
  exit_done = 0,
  exit_failed = 1,     ///< at run time
  exit_usage = 2,      ///< bad usage or configuration
  exit_kafka = 3,      ///< fatal Kafka error
  exit_unverified = 4, ///< a verification found lost, duplicated or reordered events
  exit_unfinished = 5, ///< stopped with records unfinished at the drain deadline
};

} // namespace streamer::tools
