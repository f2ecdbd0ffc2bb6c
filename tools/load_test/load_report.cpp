#include "tools/load_test/load_report.hpp"

#include <nlohmann/json.hpp>

#include "runtime/logging/utf8.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using nlohmann::json;

std::string count(std::uint64_t number) { return grouped(static_cast<std::int64_t>(number)); }

std::string rate(std::uint64_t events, double seconds) {
  return seconds > 0
             ? count(static_cast<std::uint64_t>(static_cast<double>(events) / seconds)) + "/s"
             : "-";
}

std::string shown(std::int64_t us) { return shown_duration(std::chrono::microseconds{us}); }

void add_latency(table& rows, const char* name, const latency_summary& of) {
  rows.add({name, shown(of.p50_us), shown(of.p90_us), shown(of.p99_us), shown(of.p999_us),
            shown(of.highest_us)});
}

json latency_json(const latency_summary& of) {
  return {{"count", of.count},   {"p50_us", of.p50_us},   {"p90_us", of.p90_us},
          {"p99_us", of.p99_us}, {"p999_us", of.p999_us}, {"max_us", of.highest_us}};
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
  if (report.planned > 0) {
    counts.add({"planned", count(report.planned), rate(report.planned, report.options.duration_s)});
  }
  counts.add({"sent", count(report.sent), rate(report.sent, report.seconds)});
  counts.add({"acknowledged", count(report.acknowledged), ""});
  counts.add({"refused", count(report.refused), ""});
  for (const auto& [error, times] : report.errors)
    counts.add({"  " + error, count(times), ""});
  if (unsettled(report) > 0) counts.add({"no answer", count(unsettled(report)), ""});
  if (report.judged) counts.add({"processed", count(report.judged->arrived), ""});
  counts.add(
      {"sending took",
       shown_duration(std::chrono::microseconds{static_cast<std::int64_t>(report.seconds * 1e6)}),
       report.stopped ? "stopped before its time" : ""});
  counts.add({"peak memory", grouped(report.peak_memory_kib / 1024) + " MiB", ""});

  table latencies{{{"latency from the intended time"},
                   {"p50", true},
                   {"p90", true},
                   {"p99", true},
                   {"p99.9", true},
                   {"max", true}}};
  add_latency(latencies, "acknowledged", report.delivery);
  if (report.end_to_end) add_latency(latencies, "processed", *report.end_to_end);

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
            {"peak_memory_kib", report.peak_memory_kib}};
  if (report.end_to_end) page["end_to_end_latency"] = latency_json(*report.end_to_end);
  if (report.judged) page["verdict"] = verdict_json(*report.judged);
  return page.dump(2) + "\n";
}

} // namespace streamer::tools
