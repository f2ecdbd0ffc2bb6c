// A load test's report as a page for a browser.
#pragma once

#include <string>

#include "tools/load_test/load_report.hpp"

namespace streamer::tools {

/// One HTML document that needs no other file and no network: figures, latency by percentile,
/// rate and highest latency over time. Light or dark as the reader's system prefers.
[[nodiscard]] std::string report_html(const load_report& report);

} // namespace streamer::tools
