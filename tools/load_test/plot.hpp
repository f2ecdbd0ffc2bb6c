// Line plots as HTML that needs nothing else: no script, no other file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer::tools {

/// Text as HTML shows it, also within an attribute.
[[nodiscard]] std::string html_text(std::string_view text);

/// A mark on an axis.
struct plot_tick {
  double at = 0; ///< from 0 to 1
  std::string label;
};

/// An axis: its marks, and where a value lies on it.
struct plot_axis {
  std::vector<plot_tick> ticks;
  double low = 0; ///< the value at 0; of a logarithmic axis its logarithm
  double high = 1;
  bool logarithmic = false;

  /// From 0 to 1.
  [[nodiscard]] double place(double value) const;
};

/// From 0 to a round number above `highest`, with at most six marks.
[[nodiscard]] plot_axis linear_axis(double highest, const std::string& unit);
/// Latencies in microseconds, by powers of ten around those given.
[[nodiscard]] plot_axis latency_axis(std::int64_t lowest_us, std::int64_t highest_us);
/// Percent, each tenth of what remains as wide as the one before: 0, 90, 99, 99.9 up to `highest`,
/// which is below 100. At the end there is room for 100 itself.
[[nodiscard]] plot_axis percent_axis(double highest);

/// One line.
struct plot_line {
  std::string name;
  std::size_t colour = 0;                        ///< of --l0 to --l2
  std::vector<std::pair<double, double>> points; ///< from 0 to 1 in both directions
};

/// Lines over two axes.
struct plot {
  std::string title;
  plot_axis across;
  plot_axis up;
  std::vector<plot_line> lines; ///< the first lies at the bottom
};

/// A `figure`. Its style is in `plot_style`.
[[nodiscard]] std::string plot_html(const plot& drawn);
/// CSS of the figures; the page defines the colours --ink, --faint, --line and --l0 to --l2.
[[nodiscard]] std::string_view plot_style();

} // namespace streamer::tools
