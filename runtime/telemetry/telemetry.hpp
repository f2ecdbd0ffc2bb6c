// The metrics of one process: handles to count with, and the text that Prometheus scrapes.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/catalogue.hpp"
#include "runtime/telemetry/handles.hpp"
#include "runtime/telemetry/labels.hpp"
#include "runtime/telemetry/tenant_series.hpp"

namespace streamer {

/// The clocks at a scrape, from which ages are computed.
struct scrape_time {
  std::chrono::steady_clock::time_point steady = std::chrono::steady_clock::now();
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
};

/// What `serialize` returns, for the HTTP header.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// No metric has more series than this from handles; further label values share one series whose
/// labels all say `other`.
inline constexpr std::size_t max_series_per_metric = 1000;

/// Owns the values of all metrics of the catalogue. Every member is thread-safe. Handles refer to
/// it: it has to outlive them.
class telemetry {
 public:
  using label_list = std::initializer_list<label>;
  using account_source = std::function<std::vector<partition_account>()>;

  explicit telemetry(const tenant_label_options& tenants = {});
  telemetry(const telemetry&) = delete;
  telemetry& operator=(const telemetry&) = delete;
  ~telemetry();

  /// The handle of a series, made at its first use: `counter(metric::rebalances, {{"kind",
  /// "assign"}})`. Resolve it once and keep it. Throws std::invalid_argument if the metric is of
  /// another type, is fed by accounts or tenants, or has other labels than those given (the order
  /// does not matter): a mistake in the program.
  [[nodiscard]] counter_ref counter(metric id, label_list labels = {});
  [[nodiscard]] counter_ref counter(metric id, std::span<const label> labels);
  [[nodiscard]] gauge_ref gauge(metric id, label_list labels = {});
  [[nodiscard]] gauge_ref gauge(metric id, std::span<const label> labels);
  [[nodiscard]] histogram_ref histogram(metric id);

  /// Adds to a tenant's counters, by batch: a lock and a hash look-up.
  void count_tenant(std::string_view tenant, const tenant_counts& difference,
                    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

  /// The tenants that have a label now with their counts; `other` last.
  [[nodiscard]] std::vector<tenant_series::row> tenants(
      std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

  /// Whom to ask for the partition accounts at every scrape, on the scraping thread; usually
  /// account_board::snapshot. An empty function removes it.
  void set_account_source(account_source source);

  /// All metrics in the Prometheus text format.
  [[nodiscard]] std::string serialize(const scrape_time& now = {});

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace streamer
