// The figures of a report as people read them, for the terminal and for the page.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tools/load_test/load_report.hpp"

namespace streamer::tools {

/// What it is, its number, and a remark.
using figure_row = std::array<std::string, 3>;

/// How many events met which fate, how long it took, and how much memory.
[[nodiscard]] std::vector<figure_row> count_rows(const load_report& report);

/// The columns of `latency_row`.
[[nodiscard]] std::vector<std::string> latency_titles();
/// What ends the latency, and p50, p90, p99, p99.9 and the highest.
[[nodiscard]] std::vector<std::string> latency_row(const std::string& name,
                                                   const latency_summary& of);

} // namespace streamer::tools
