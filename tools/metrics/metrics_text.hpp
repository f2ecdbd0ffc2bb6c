// A scrape of /metrics as a table.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::tools {

/// One sample of the Prometheus text format.
struct metric_sample {
  std::string name; ///< with the suffix of a histogram's series: _bucket, _sum, _count
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// What a page says.
struct metrics_page {
  std::map<std::string, std::string> types; ///< counter, gauge, histogram, by metric
  std::vector<metric_sample> samples;
};

/// Reads a page; or, with the number of the line that is no Prometheus text, nothing.
struct metrics_reading {
  std::optional<metrics_page> page;
  std::size_t bad_line = 0;
};
[[nodiscard]] metrics_reading read_metrics(std::string_view text);

/// Name, labels and value, a line each, at most `width` characters. Topics and partitions are added
/// up; of ages the highest is shown. Then the histograms: count, mean, and the bounds that half and
/// 99 % of the observations do not exceed.
[[nodiscard]] std::string metrics_table(const metrics_page& page, std::size_t width);

} // namespace streamer::tools
