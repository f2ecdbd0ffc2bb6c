// A strict reading of Prometheus' text format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// What is wrong with a page by the text format 0.0.4, a line each; empty: nothing. Stricter than
/// most readers: valid UTF-8 without control characters, one HELP and TYPE before the samples of a
/// metric, no sample twice, only the three escapes there are. The first ten faults.
[[nodiscard]] std::vector<std::string> faults_of_metrics_page(std::string_view page);

} // namespace streamer::test
