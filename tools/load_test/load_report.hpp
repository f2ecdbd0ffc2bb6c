// What a load test found.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/load_test/ledger.hpp"
#include "tools/load_test/load_options.hpp"
#include "tools/load_test/timeline.hpp"

namespace streamer::tools {

/// A share of the latencies, in percent, and the one that it did not exceed.
struct latency_percentile {
  double percent = 0;
  std::int64_t us = 0;
};

/// Latencies from the intended send time, in microseconds.
struct latency_summary {
  std::uint64_t count = 0;
  std::int64_t p50_us = 0;
  std::int64_t p90_us = 0;
  std::int64_t p99_us = 0;
  std::int64_t p999_us = 0;
  std::int64_t highest_us = 0;
  std::vector<latency_percentile> curve = {}; ///< to be plotted: from 0 to 100, closer at the end
};

/// Everything that the report says.
struct load_report {
  load_options options;
  std::string topic;
  bool stopped = false;      ///< before its time
  double seconds = 0;        ///< of sending
  std::uint64_t planned = 0; ///< events of the schedule; 0 without one
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
  std::map<std::string, std::uint64_t> errors;
  latency_summary delivery;                  ///< to the broker's acknowledgement
  std::optional<latency_summary> end_to_end; ///< to the handler
  std::optional<verdict> judged;             ///< with a worker in the process
  std::int64_t peak_memory_kib = 0;          ///< of this process
  timeline over_time;                        ///< from the start to the last answer
};

/// Sent, and settled neither way.
[[nodiscard]] std::uint64_t unsettled(const load_report& report);

/// Tables of at most 80 columns: all but the verdict.
[[nodiscard]] std::string report_text(const load_report& report);

/// One JSON object with a line end.
[[nodiscard]] std::string report_json(const load_report& report);

/// `lost 0, duplicated 0, out of order 0`.
[[nodiscard]] std::string verdict_text(const verdict& judged);

/// `verdict: clean: lost 0, …`, without a line end.
[[nodiscard]] std::string verdict_line(const verdict& judged);

} // namespace streamer::tools
