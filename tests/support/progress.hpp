// How steadily a run went on: the times without output. Pure.
#pragma once

#include "tests/support/kafka_access.hpp"
#include "tests/support/ledger.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace streamer::test {

/// When the records of each source partition came out, in milliseconds since 1970, sorted. Output
/// that no ledger entry belongs to is left out.
using output_times = std::map<std::int32_t, std::vector<std::int64_t>>;
[[nodiscard]] output_times times_of_output(const std::vector<sent_record>& sent,
                                           const std::vector<stored_record>& output);

/// The longest time without output of each source partition between two moments. A partition that
/// never gave output is missing.
[[nodiscard]] std::map<std::int32_t, std::int64_t> longest_gaps(const output_times& times,
                                                                std::int64_t from_ms,
                                                                std::int64_t to_ms);

/// The longest of these gaps; 0 without any.
[[nodiscard]] std::int64_t longest_gap(const output_times& times, std::int64_t from_ms,
                                       std::int64_t to_ms);

/// Percentile `p` (0–1) of the time from sending to output over the records sent between two
/// moments; -1 without any. First copies count.
[[nodiscard]] std::int64_t latency_percentile(const std::vector<sent_record>& sent,
                                              const std::vector<stored_record>& output, double p,
                                              std::int64_t from_ms, std::int64_t to_ms);

} // namespace streamer::test
