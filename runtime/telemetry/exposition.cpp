#include "runtime/telemetry/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace streamer::detail {
namespace {

prometheus::MetricType native_type(metric_type type) {
  switch (type) {
    case metric_type::counter: return prometheus::MetricType::Counter;
    case metric_type::gauge: return prometheus::MetricType::Gauge;
    case metric_type::histogram: break;
  }
  return prometheus::MetricType::Histogram;
}

template <class Clock>
double age_seconds(const std::optional<std::chrono::time_point<Clock>>& since,
                   std::chrono::time_point<Clock> now) {
  if (!since) {
    return 0.0;
  }
  // A record's timestamp may lie in the future.
  return countable(std::chrono::duration<double>(now - *since).count());
}

template <class Counts>
struct named_count {
  std::string_view name;
  std::uint64_t Counts::*member;
};

constexpr std::array<named_count<record_counts>, 5> outcomes{
    {{"processed", &record_counts::processed},
     {"skipped", &record_counts::skipped},
     {"dead_lettered", &record_counts::dead_lettered},
     {"fenced", &record_counts::fenced},
     {"already_done", &record_counts::already_done}}};

constexpr std::array<named_count<lag_counts>, 8> lag_states{
    {{"unfetched", &lag_counts::unfetched},
     {"fetched", &lag_counts::fetched},
     {"queued", &lag_counts::queued},
     {"in_flight", &lag_counts::in_flight},
     {"waiting_retry", &lag_counts::waiting_retry},
     {"waiting_dlq", &lag_counts::waiting_dlq},
     {"held", &lag_counts::held},
     {"done_uncommitted", &lag_counts::done_uncommitted}}};

/// Writes the series of one metric for one partition.
class account_writer {
 public:
  account_writer(prometheus::MetricFamily& family, const metric_info& info,
                 const partition_account& account)
      : family_{family}, info_{info}, values_{account.topic, std::to_string(account.partition)} {}

  void write(double sample) const { add_sample(family_, info_, values_, sample); }

  template <class Counts, std::size_t N>
  void write_each(const std::array<named_count<Counts>, N>& names, const Counts& counts) {
    values_.emplace_back();
    for (const auto& [name, member] : names) {
      values_.back() = name;
      write(static_cast<double>(counts.*member));
    }
  }

 private:
  prometheus::MetricFamily& family_;
  const metric_info& info_;
  std::vector<std::string> values_;
};

void add_account(account_writer writer, metric id, const partition_account& account,
                 const scrape_time& now) {
  switch (id) {
    case metric::records_received:
      return writer.write(static_cast<double>(account.records.received));
    case metric::records_pending: return writer.write(static_cast<double>(account.records.pending));
    case metric::records_finished: return writer.write_each(outcomes, account.records);
    default: break;
  }
  if (!account.state) {
    return;
  }
  switch (id) {
    case metric::lag_records: return writer.write_each(lag_states, account.state->lag);
    case metric::lag_seconds:
      return writer.write(age_seconds(account.state->oldest_unfinished, now.wall));
    case metric::commit_age:
      return writer.write(age_seconds(account.state->uncommitted_since, now.steady));
    default: break;
  }
}

std::uint64_t tenant_sample(metric id, const tenant_counts& counts) {
  switch (id) {
    case metric::tenant_received: return counts.received;
    case metric::tenant_processed: return counts.processed;
    case metric::tenant_retried: return counts.retried;
    default: return counts.dead_lettered;
  }
}

} // namespace

prometheus::MetricFamily family_of(const metric_info& info) {
  return {std::string{info.name}, std::string{info.help}, native_type(info.type), {}};
}

void add_sample(prometheus::MetricFamily& family, const metric_info& info,
                std::span<const std::string> values, double sample) {
  auto& series = family.metric.emplace_back();
  series.label.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    series.label.push_back({std::string{info.labels[i].name}, values[i]});
  }
  if (info.type == metric_type::counter) {
    series.counter.value = sample;
  } else {
    series.gauge.value = sample;
  }
}

void add_histogram(prometheus::MetricFamily& family, const histogram_cell& cell) {
  auto& histogram = family.metric.emplace_back().histogram;
  histogram.sample_sum = cell.sum.load(std::memory_order_relaxed);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= cell.bounds.size(); ++i) {
    count += cell.counts.at(i).load(std::memory_order_relaxed);
    const auto bound =
        i < cell.bounds.size() ? cell.bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({count, bound});
  }
  histogram.sample_count = count;
}

void add_accounts(prometheus::MetricFamily& family, const metric_info& info,
                  std::span<const partition_account> accounts, const scrape_time& now) {
  for (const auto& account : accounts) {
    add_account({family, info, account}, info.id, account, now);
  }
}

void add_tenants(prometheus::MetricFamily& family, const metric_info& info,
                 std::span<const tenant_series::row> rows) {
  for (const auto& row : rows) {
    const std::array<std::string, 1> values{row.label};
    add_sample(family, info, values, static_cast<double>(tenant_sample(info.id, row.counts)));
  }
}

std::string to_text(const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, families);
  return std::move(out).str();
}

} // namespace streamer::detail
