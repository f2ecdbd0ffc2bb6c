// From values to Prometheus metric families. For this room only; prometheus-cpp is seen here.
#pragma once

#include <prometheus/metric_family.h>

#include <span>
#include <string>
#include <vector>

#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/catalogue.hpp"
#include "runtime/telemetry/handles.hpp"
#include "runtime/telemetry/telemetry.hpp"
#include "runtime/telemetry/tenant_series.hpp"

namespace streamer::detail {

/// A family with name, help and type from the catalogue, and no series.
[[nodiscard]] prometheus::MetricFamily family_of(const metric_info& info);

/// Adds a counter or gauge series, by the family's type.
void add_sample(prometheus::MetricFamily& family, const metric_info& info,
                std::span<const std::string> values, double sample);

/// Adds a histogram series. Its count is the sum of the buckets as read, so the two agree.
void add_histogram(prometheus::MetricFamily& family, const histogram_cell& cell);

/// Adds the series of a metric that is fed by the partition accounts.
void add_accounts(prometheus::MetricFamily& family, const metric_info& info,
                  std::span<const partition_account> accounts, const scrape_time& now);

/// Adds the series of a metric that is fed by the tenant counts.
void add_tenants(prometheus::MetricFamily& family, const metric_info& info,
                 std::span<const tenant_series::row> rows);

/// The text format.
[[nodiscard]] std::string to_text(const std::vector<prometheus::MetricFamily>& families);

} // namespace streamer::detail
