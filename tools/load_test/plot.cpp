#include "tools/load_test/plot.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "runtime/logging/utf8.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr double most_plot_steps = 5;
constexpr int most_nines = 10; // 1 - 10^-10 is as near to 1 as latencies can be told apart

// What an SVG is drawn in; it is stretched to the page.
constexpr double svg_width = 1000;
constexpr double svg_height = 300;

std::string fixed_text(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string percent_of(double share) { return fixed_text(100 * share, 2) + "%"; }

// 1, 2 or 5 with noughts: the step that needs few enough of it.
double round_plot_step(double highest) {
  const auto raw = highest / most_plot_steps;
  const auto power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string svg_points(const plot_line& line) {
  std::string text;
  for (const auto& [x, y] : line.points) {
    text += (text.empty() ? "" : " ") + fixed_text(x * svg_width, 1) + "," +
            fixed_text((1 - y) * svg_height, 1);
  }
  return text;
}

std::string svg_lines(const plot& drawn) {
  std::string text;
  for (const auto& tick : drawn.up.ticks) {
    const auto y = fixed_text((1 - tick.at) * svg_height, 1);
    text += "<line x1=\"0\" x2=\"1000\" y1=\"" + y + "\" y2=\"" + y + "\"/>";
  }
  for (const auto& line : drawn.lines) {
    text += "<polyline class=\"l" + std::to_string(line.colour) + "\" points=\"" +
            svg_points(line) + "\"/>";
  }
  return text;
}

std::string html_legend(const plot& drawn) {
  std::string text;
  for (const auto& line : drawn.lines) {
    text += "<span><i class=\"l" + std::to_string(line.colour) + "\"></i>" + html_text(line.name) +
            "</span>";
  }
  return text;
}

} // namespace

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : replace_invalid_utf8(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

double plot_axis::place(double value) const {
  const auto at = logarithmic ? std::log10(std::max(value, 1.0)) : value;
  return std::clamp((at - low) / (high - low), 0.0, 1.0);
}

plot_axis linear_axis(double highest, const std::string& unit) {
  plot_axis axis;
  const auto step = round_plot_step(highest > 0 ? highest : 1);
  const auto steps = std::max(1.0, std::ceil(highest / step - 1e-9));
  axis.high = step * steps;
  for (double i = 0; i <= steps; ++i) {
    const auto value = i * step;
    const auto text = step < 1 ? shown_decimal(value, 3)
                               : grouped(static_cast<std::int64_t>(std::llround(value)));
    axis.ticks.push_back({i / steps, text + unit});
  }
  return axis;
}

plot_axis latency_axis(std::int64_t lowest_us, std::int64_t highest_us) {
  plot_axis axis;
  axis.logarithmic = true;
  const auto power = [](std::int64_t us) {
    return std::log10(static_cast<double>(std::max<std::int64_t>(us, 1)));
  };
  axis.low = std::floor(power(lowest_us));
  axis.high = std::max(std::ceil(power(highest_us)), axis.low + 1);
  for (auto at = axis.low; at <= axis.high; ++at) {
    const auto us = std::chrono::microseconds{std::llround(std::pow(10.0, at))};
    axis.ticks.push_back({(at - axis.low) / (axis.high - axis.low), shown_duration(us)});
  }
  return axis;
}

plot_axis percent_axis(double highest) {
  plot_axis axis;
  const auto tenths =
      std::clamp(-std::log10(std::max(1 - highest / 100, std::pow(10.0, -most_nines))), 1.0,
                 static_cast<double>(most_nines));
  axis.high = tenths * 1.06;
  std::string label = "0%";
  for (int i = 0; i <= static_cast<int>(tenths + 1e-6); ++i) {
    axis.ticks.push_back({axis.place(i), label});
    label = i == 0   ? "90%"
            : i == 1 ? "99%"
                     : "99." + std::string(static_cast<std::size_t>(i) - 1, '9') + "%";
  }
  return axis;
}

std::string plot_html(const plot& drawn) {
  std::string up;
  for (const auto& tick : drawn.up.ticks) {
    up += "<span style=\"bottom:" + percent_of(tick.at) + "\">" + html_text(tick.label) + "</span>";
  }
  std::string across;
  for (const auto& tick : drawn.across.ticks) {
    across +=
        "<span style=\"left:" + percent_of(tick.at) + "\">" + html_text(tick.label) + "</span>";
  }
  return "<figure><figcaption>" + html_text(drawn.title) + "</figcaption><div class=\"legend\">" +
         html_legend(drawn) + "</div><div class=\"plot\"><div class=\"up\">" + up +
         "</div><svg viewBox=\"0 0 1000 300\" preserveAspectRatio=\"none\" role=\"img\" "
         "aria-label=\"" +
         html_text(drawn.title) + "\">" + svg_lines(drawn) + "</svg><div class=\"across\">" +
         across + "</div></div></figure>\n";
}

std::string_view plot_style() {
  return R"(
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 4px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; margin-bottom: 8px; }
.legend i { display: inline-block; width: 14px; height: 3px; margin: 0 6px 4px 0; }
.plot { display: grid; grid-template-columns: 66px 1fr; grid-template-rows: 220px 22px;
  padding: 8px 22px 0 0; }
.plot svg { width: 100%; height: 220px; overflow: visible; }
.plot line { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.plot polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round;
  vector-effect: non-scaling-stroke; }
.plot .l0 { stroke: var(--l0); } .plot .l1 { stroke: var(--l1); } .plot .l2 { stroke: var(--l2); }
.legend .l0 { background: var(--l0); } .legend .l1 { background: var(--l1); }
.legend .l2 { background: var(--l2); }
.up, .across { position: relative; font-size: 12px; color: var(--faint);
  font-variant-numeric: tabular-nums; }
.up span { position: absolute; right: 8px; transform: translateY(50%); white-space: nowrap; }
.across { grid-column: 2; }
.across span { position: absolute; top: 4px; transform: translateX(-50%); white-space: nowrap; }
@media (max-width: 599px) { .across span:nth-child(even) { display: none; } }
)";
}

} // namespace streamer::tools
