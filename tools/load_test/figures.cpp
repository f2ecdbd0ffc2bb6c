#include "tools/load_test/figures.hpp"

#include <chrono>
#include <cmath>

#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

std::string shown_count(std::uint64_t number) { return grouped(static_cast<std::int64_t>(number)); }

std::string shown_rate(std::uint64_t events, double seconds) {
  return seconds > 0
             ? shown_count(static_cast<std::uint64_t>(static_cast<double>(events) / seconds)) + "/s"
             : "-";
}

} // namespace

std::vector<figure_row> count_rows(const load_report& report) {
  std::vector<figure_row> rows;
  if (report.planned > 0) {
    rows.push_back({"planned", shown_count(report.planned),
                    shown_rate(report.planned, report.options.duration_s)});
  }
  rows.push_back({"sent", shown_count(report.sent), shown_rate(report.sent, report.seconds)});
  rows.push_back({"acknowledged", shown_count(report.acknowledged), ""});
  rows.push_back({"refused", shown_count(report.refused), ""});
  for (const auto& [error, times] : report.errors)
    rows.push_back({"  " + error, shown_count(times), ""});
  if (unsettled(report) > 0) rows.push_back({"no answer", shown_count(unsettled(report)), ""});
  if (report.judged) rows.push_back({"processed", shown_count(report.judged->arrived), ""});
  rows.push_back({"sending took",
                  shown_duration(std::chrono::microseconds{std::llround(report.seconds * 1e6)}),
                  report.stopped ? "stopped before its time" : ""});
  rows.push_back({"peak memory", grouped(report.peak_memory_kib / 1024) + " MiB", ""});
  return rows;
}

std::vector<std::string> latency_titles() {
  return {"latency from the intended time", "p50", "p90", "p99", "p99.9", "max"};
}

std::vector<std::string> latency_row(const std::string& name, const latency_summary& of) {
  std::vector<std::string> cells{name};
  for (const auto us : {of.p50_us, of.p90_us, of.p99_us, of.p999_us, of.highest_us})
    cells.push_back(shown_duration(std::chrono::microseconds{us}));
  return cells;
}

} // namespace streamer::tools
