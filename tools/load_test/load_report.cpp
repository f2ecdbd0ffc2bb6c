#include "tools/load_test/load_report.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/logging/utf8.hpp"
#include "tools/load_test/figures.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

std::string count(std::uint64_t number) { return grouped(static_cast<std::int64_t>(number)); }

json latency_json(const latency_summary& of) {
  auto curve = json::array();
  for (const auto& point : of.curve)
    curve.push_back({{"percent", point.percent}, {"us", point.us}});
  return {{"count", of.count},
          {"p50_us", of.p50_us},
          {"p90_us", of.p90_us},
          {"p99_us", of.p99_us},
          {"p999_us", of.p999_us},
          {"max_us", of.highest_us},
          {"percentiles", std::move(curve)}};
}

json timeline_json(const timeline& over_time) {
  auto intervals = json::array();
  for (const auto& one : over_time.intervals()) {
    intervals.push_back({{"sent", one.sent},
                         {"acknowledged", one.acknowledged},
                         {"processed", one.processed},
                         {"delivery_max_us", one.delivery_us},
                         {"end_to_end_max_us", one.end_to_end_us}});
  }
  return {{"interval_us", over_time.length_us()}, {"intervals", std::move(intervals)}};
}

json verdict_json(const verdict& judged) {
  return {{"clean", judged.clean()},
          {"exact", judged.exact},
          {"sent", judged.sent},
          {"refused", judged.refused},
          {"arrived", judged.arrived},
          {"lost", judged.lost},
          {"duplicated", judged.duplicated},
          {"out_of_order", judged.out_of_order},
          {"invented", judged.invented}};
}

json options_json(const load_options& options) {
  json made{{"rate", options.rate},       {"duration_s", options.duration_s},
            {"tenants", options.tenants}, {"keys", options.keys},
            {"zipf", options.zipf},       {"payload_bytes", options.payload_bytes}};
  if (options.tenant_id) made["tenant_id"] = replace_invalid_utf8(*options.tenant_id);
  if (options.burst) made["burst"] = *options.burst;
  return made;
}

} // namespace

std::uint64_t unsettled(const load_report& report) {
  return report.sent - report.acknowledged - report.refused;
}

std::string verdict_text(const verdict& judged) {
  std::string text = "lost " + count(judged.lost) + ", duplicated " + count(judged.duplicated) +
                     ", out of order " + count(judged.out_of_order);
  if (judged.invented > 0) text += ", never sent " + count(judged.invented);
  if (!judged.exact) text += " (at least: too many gaps to tell them all apart)";
  return text;
}

std::string report_text(const load_report& report) {
  table counts{{{"load test"}, {"", true}, {""}}};
  for (const auto& [what, number, remark] : count_rows(report))
    counts.add({what, number, remark});

  std::vector<column> columns;
  for (auto& title : latency_titles())
    columns.push_back({std::move(title), !columns.empty()});
  table latencies{std::move(columns)};
  latencies.add(latency_row("acknowledged", report.delivery));
  if (report.end_to_end) latencies.add(latency_row("processed", *report.end_to_end));

  return counts.render() + "\n" + latencies.render();
}

std::string verdict_line(const verdict& judged) {
  return std::string{"verdict: "} + (judged.clean() ? "clean: " : "NOT CLEAN: ") +
         verdict_text(judged);
}

std::string report_json(const load_report& report) {
  json page{{"options", options_json(report.options)},
            {"topic", replace_invalid_utf8(report.topic)},
            {"stopped", report.stopped},
            {"seconds", report.seconds},
            {"planned", report.planned},
            {"sent", report.sent},
            {"acknowledged", report.acknowledged},
            {"refused", report.refused},
            {"no_answer", unsettled(report)},
            {"errors", report.errors},
            {"delivery_latency", latency_json(report.delivery)},
            {"timeline", timeline_json(report.over_time)},
            {"peak_memory_kib", report.peak_memory_kib}};
  if (report.end_to_end) page["end_to_end_latency"] = latency_json(*report.end_to_end);
  if (report.judged) page["verdict"] = verdict_json(*report.judged);
  return page.dump(2) + "\n";
}

} // namespace streamer::tools
