#include "runtime/telemetry/catalogue_page.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "runtime/telemetry/catalogue.hpp"

namespace streamer {
namespace {

constexpr std::string_view introduction = R"(# Metrics

Generated from `runtime/telemetry/catalogue.cpp` by `streamer_metrics_doc`. Do not edit.

`GET /metrics` on `observability.metrics_addr` answers in the Prometheus text format. Counters and
histograms start at 0 with the process; durations are in seconds, sizes in bytes.

For every partition and at every scrape
`streamer_records_received_total = sum(streamer_records_total) + streamer_records_pending`.
The counts of a partition stay when it leaves this worker, what was pending then becomes `fenced`;
its lag and commit age disappear.

Tenant labels: configured tenants first, then whoever comes, up to `tenants.max_labels` in all;
10 minutes without a record free the label of a tenant that is not configured. Everybody else is
`other`. Histograms have no tenant label.

| name | type | unit | labels | meaning |
|---|---|---|---|---|
)";

std::string labels_of(const metric_info& info) {
  std::string out;
  for (const auto& label : info.labels) {
    out += out.empty() ? "" : ", ";
    out += '`';
    out += label.name;
    out += '`';
    std::string_view separator = ": ";
    for (const auto value : label.values) {
      out += separator;
      out += value;
      separator = " \\| ";
    }
  }
  return out;
}

void append_row(std::string& page, const metric_info& info) {
  page += "| `";
  page += info.name;
  page += "` | ";
  page += to_string(info.type);
  page += " | ";
  page += info.unit;
  page += " | ";
  page += labels_of(info);
  page += " | ";
  page += info.help;
  page += " |\n";
}

void append_buckets(std::string& page, const metric_info& info) {
  page += "- `";
  page += info.name;
  page += "`:";
  for (const auto bound : info.buckets) {
    std::array<char, 32> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), bound, std::chars_format::fixed)
            .ptr;
    page += ' ';
    page.append(buffer.data(), end);
  }
  page += '\n';
}

} // namespace

std::string metrics_page() {
  std::string page{introduction};
  for (const auto& info : metric_catalogue()) {
    append_row(page, info);
  }
  page += "\nUpper bounds of the histograms' buckets, in seconds:\n\n";
  for (const auto& info : metric_catalogue()) {
    if (info.type == metric_type::histogram) {
      append_buckets(page, info);
    }
  }
  return page;
}

} // namespace streamer
