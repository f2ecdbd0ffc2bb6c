#include "tools/load_test/report_page.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "tools/load_test/figures.hpp"
#include "tools/load_test/plot.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr const char* page_style = R"(
:root { --page: #f4f5f7; --card: #fff; --ink: #1b1f24; --faint: #5c6670; --line: #d9dee4;
  --good: #1a7f4b; --bad: #c0262d; --l0: #8a94a0; --l1: #2563b8; --l2: #2f9e6d; }
@media (prefers-color-scheme: dark) { :root { --page: #12161b; --card: #1b2129; --ink: #e6eaee;
  --faint: #9aa5b1; --line: #323b46; --good: #4cc38a; --bad: #f2757a; --l0: #8b96a3; --l1: #6ea8f0;
  --l2: #43b581; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 16px; background: var(--page);
  color: var(--ink); font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 20px; margin: 4px 0 2px; overflow-wrap: anywhere; }
p { margin: 0 0 12px; color: var(--faint); overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } p.good, p.bad { font-weight: 600; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 16px; margin-bottom: 14px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: right; padding: 3px 0 3px 12px; font-weight: 400; white-space: nowrap; }
td:first-child, th:first-child { text-align: left; padding-left: 0; white-space: pre-wrap;
  overflow-wrap: anywhere; }
th { color: var(--faint); border-bottom: 1px solid var(--line); font-size: 13px; }
)";

template <class Cells>
std::string html_row(const Cells& cells, const std::string& cell = "td") {
  std::string text = "<tr>";
  for (const auto& one : cells)
    text += "<" + cell + ">" + html_text(one) + "</" + cell + ">";
  return text + "</tr>\n";
}

std::string html_table(const std::string& rows) {
  return "<section><table>\n" + rows + "</table></section>\n";
}

std::string html_figures(const load_report& report) {
  std::string counts;
  for (const auto& row : count_rows(report))
    counts += html_row(row);
  auto latencies =
      html_row(latency_titles(), "th") + html_row(latency_row("acknowledged", report.delivery));
  if (report.end_to_end) latencies += html_row(latency_row("processed", *report.end_to_end));
  return html_table(counts) + html_table(latencies);
}

// One colour each in all plots.
constexpr std::size_t of_sent = 0;
constexpr std::size_t of_acknowledged = 1;
constexpr std::size_t of_processed = 2;

/// Latencies of one kind, and what their line is called.
struct latency_kind {
  const char* name;
  std::size_t colour;
  const latency_summary* latencies;
};

std::vector<latency_kind> latency_kinds(const load_report& report) {
  std::vector<latency_kind> kinds{{"acknowledged", of_acknowledged, &report.delivery}};
  if (report.end_to_end) kinds.push_back({"processed", of_processed, &*report.end_to_end});
  return kinds;
}

plot percentile_plot(const load_report& report) {
  plot drawn;
  drawn.title = "Latency by percentile";
  double nearest = 0; // to 100
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = 1;
  for (const auto& [name, colour, latencies] : latency_kinds(report)) {
    for (const auto& point : latencies->curve) {
      if (point.percent < 100) nearest = std::max(nearest, point.percent);
      lowest = std::min(lowest, point.us);
      highest = std::max(highest, point.us);
    }
  }
  drawn.across = percent_axis(nearest);
  drawn.up = latency_axis(std::min(lowest, highest), highest);
  for (const auto& [name, colour, latencies] : latency_kinds(report)) {
    plot_line line{name, colour, {}};
    for (const auto& point : latencies->curve) {
      const auto x =
          point.percent < 100 ? drawn.across.place(-std::log10(1 - point.percent / 100)) : 1.0;
      line.points.emplace_back(x, drawn.up.place(static_cast<double>(point.us)));
    }
    drawn.lines.push_back(std::move(line));
  }
  return drawn;
}

using interval = timeline::interval;

/// A line over time: of each interval that `value` has one for, at its middle.
plot_line time_line(const timeline& over_time, const plot& in, const char* name, std::size_t colour,
                    const std::function<double(const interval&, double)>& value) {
  plot_line line{name, colour, {}};
  const auto& all = over_time.intervals();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto length = static_cast<double>(over_time.length_of(i)) / 1e6;
    const auto begin = static_cast<double>(i) * static_cast<double>(over_time.length_us()) / 1e6;
    const auto y = value(all[i], length);
    if (y >= 0) line.points.emplace_back(in.across.place(begin + length / 2), in.up.place(y));
  }
  return line;
}

double plotted_seconds(const timeline& over_time) {
  return static_cast<double>(over_time.intervals().size()) *
         static_cast<double>(over_time.length_us()) / 1e6;
}

plot rate_plot(const load_report& report) {
  const auto& over_time = report.over_time;
  plot drawn;
  drawn.title = "Rate over time, events a second";
  drawn.across = linear_axis(plotted_seconds(over_time), " s");
  double highest = 0;
  for (std::size_t i = 0; i < over_time.intervals().size(); ++i) {
    const auto& one = over_time.intervals()[i];
    const auto most = std::max({one.sent, one.acknowledged, one.processed});
    highest = std::max(
        highest, static_cast<double>(most) * 1e6 / static_cast<double>(over_time.length_of(i)));
  }
  drawn.up = linear_axis(highest, "");
  const auto add = [&](const char* name, std::size_t colour, std::uint64_t interval::*member) {
    drawn.lines.push_back(
        time_line(over_time, drawn, name, colour, [member](const auto& one, double length) {
          return static_cast<double>(one.*member) / length;
        }));
  };
  add("sent", of_sent, &interval::sent);
  add("acknowledged", of_acknowledged, &interval::acknowledged);
  if (report.end_to_end) add("processed", of_processed, &interval::processed);
  return drawn;
}

plot stall_plot(const load_report& report) {
  const auto& over_time = report.over_time;
  plot drawn;
  drawn.title = "Highest latency over time";
  drawn.across = linear_axis(plotted_seconds(over_time), " s");
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = 1;
  for (const auto& one : over_time.intervals()) {
    for (const auto us : {one.delivery_us, one.end_to_end_us}) {
      if (us > 0) lowest = std::min(lowest, us);
      highest = std::max(highest, us);
    }
  }
  drawn.up = latency_axis(std::min(lowest, highest), highest);
  const auto add = [&](const char* name, std::size_t colour, std::int64_t interval::*member) {
    drawn.lines.push_back(
        time_line(over_time, drawn, name, colour, [member](const auto& one, double) {
          return one.*member > 0 ? static_cast<double>(one.*member) : -1.0;
        }));
  };
  add("acknowledged", of_acknowledged, &interval::delivery_us);
  if (report.end_to_end) add("processed", of_processed, &interval::end_to_end_us);
  return drawn;
}

std::string load_words(const load_options& options) {
  auto text = options.rate > 0 ? shown_decimal(options.rate, 3) + " events a second"
                               : std::string{"as fast as it goes"};
  text += " for " + shown_decimal(options.duration_s, 3) + " s";
  if (options.burst) text += ", burst " + *options.burst;
  text += options.tenant_id ? ", tenant " + *options.tenant_id
                            : ", " + grouped(options.tenants) + " tenants";
  return text + ", " + grouped(options.keys) + " keys (zipf " + shown_decimal(options.zipf, 3) +
         "), " + grouped(options.payload_bytes) + " bytes each";
}

} // namespace

std::string report_html(const load_report& report) {
  const auto title = html_text("Load test of " + report.topic);
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      title + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>" + page_style;
  page += plot_style();
  page += "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n<p>" +
          html_text(load_words(report.options)) + "</p>\n";
  if (report.judged) {
    page += std::string{"<p class=\""} + (report.judged->clean() ? "good" : "bad") + "\">" +
            html_text(verdict_line(*report.judged)) + "</p>\n";
  }
  page += html_figures(report);
  for (const auto& drawn : {percentile_plot(report), rate_plot(report), stall_plot(report)})
    page += "<section>" + plot_html(drawn) + "</section>\n";
  return page + "</body>\n</html>\n";
}

} // namespace streamer::tools
