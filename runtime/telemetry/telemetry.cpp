#include "runtime/telemetry/telemetry.hpp"

#include <array>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "runtime/telemetry/exposition.hpp"
#include "runtime/telemetry/series.hpp"

namespace streamer {

using detail::counter_cell;
using detail::gauge_cell;
using detail::histogram_cell;

class telemetry::impl {
 public:
  explicit impl(const tenant_label_options& tenants) : tenants_{tenants} {
    for (const auto& info : metric_catalogue()) {
      if (info.source == metric_source::handles) {
        make_initial_series(info);
      }
    }
  }

  counter_cell& counter_at(metric id, std::span<const label> labels) {
    const auto& info = checked(id, metric_type::counter);
    const std::scoped_lock lock{mutex_};
    return cells_of(id).counters.at(detail::ordered_values(info, labels), max_series_per_metric);
  }

  gauge_cell& gauge_at(metric id, std::span<const label> labels) {
    const auto& info = checked(id, metric_type::gauge);
    const std::scoped_lock lock{mutex_};
    return cells_of(id).gauges.at(detail::ordered_values(info, labels), max_series_per_metric);
  }

  histogram_cell& histogram_of(metric id) {
    checked(id, metric_type::histogram);
    return cells_of(id).histogram;
  }

  void count_tenant(std::string_view tenant, const tenant_counts& difference,
                    std::chrono::steady_clock::time_point now) {
    const std::scoped_lock lock{tenant_mutex_};
    tenants_.add(tenant, difference, now);
  }

  std::vector<tenant_series::row> current_tenants(std::chrono::steady_clock::time_point now) {
    const std::scoped_lock lock{tenant_mutex_};
    tenants_.expire(now);
    return tenants_.rows();
  }

  void set_account_source(account_source source) {
    const std::scoped_lock lock{mutex_};
    account_source_ = std::move(source);
  }

  std::string serialize(const scrape_time& now) {
    const auto accounts = current_accounts();
    const auto tenants = current_tenants(now.steady);
    std::vector<prometheus::MetricFamily> families;
    families.reserve(metric_count);
    for (const auto& info : metric_catalogue()) {
      auto family = detail::family_of(info);
      switch (info.source) {
        case metric_source::handles: add_cells(family, info); break;
        case metric_source::accounts: detail::add_accounts(family, info, accounts, now); break;
        case metric_source::tenants: detail::add_tenants(family, info, tenants); break;
      }
      families.push_back(std::move(family));
    }
    return detail::to_text(families);
  }

 private:
  struct metric_cells {
    detail::series_map<counter_cell> counters;
    detail::series_map<gauge_cell> gauges;
    histogram_cell histogram;
  };

  static const metric_info& checked(metric id, metric_type type) {
    const auto& info = info_of(id);
    if (info.type != type || info.source != metric_source::handles) {
      throw std::invalid_argument{std::string{info.name} + " is no " +
                                  std::string{to_string(type)} + " with handles"};
    }
    return info;
  }

  metric_cells& cells_of(metric id) { return cells_.at(static_cast<std::size_t>(id)); }

  // A series that exists from the start shows its first increase; one that appears with a 1 hides
  // it from every rate.
  void make_initial_series(const metric_info& info) {
    auto& cells = cells_of(info.id);
    cells.histogram.bounds = info.buckets;
    for (auto& values : detail::initial_values(info)) {
      if (info.type == metric_type::counter) {
        cells.counters.at(std::move(values), max_series_per_metric);
      } else if (info.type == metric_type::gauge) {
        cells.gauges.at(std::move(values), max_series_per_metric);
      }
    }
  }

  // The source is asked without the lock: it may itself wait for threads that ask for handles.
  std::vector<partition_account> current_accounts() {
    account_source source;
    {
      const std::scoped_lock lock{mutex_};
      source = account_source_;
    }
    return source ? source() : std::vector<partition_account>{};
  }

  void add_cells(prometheus::MetricFamily& family, const metric_info& info) {
    const std::scoped_lock lock{mutex_};
    const auto& cells = cells_of(info.id);
    const auto add = [&](const detail::label_values& values, const auto& cell) {
      detail::add_sample(family, info, values,
                         static_cast<double>(cell.value.load(std::memory_order_relaxed)));
    };
    cells.counters.each(add);
    cells.gauges.each(add);
    if (info.type == metric_type::histogram) {
      detail::add_histogram(family, cells.histogram);
    }
  }

  std::mutex mutex_;
  std::array<metric_cells, metric_count> cells_;
  account_source account_source_;
  // Apart from the other lock: it is taken for every batch.
  std::mutex tenant_mutex_;
  tenant_series tenants_;
};

telemetry::telemetry(const tenant_label_options& tenants)
    : impl_{std::make_unique<impl>(tenants)} {}

telemetry::~telemetry() = default;

counter_ref telemetry::counter(metric id, label_list labels) {
  return counter(id, std::span{labels.begin(), labels.size()});
}

counter_ref telemetry::counter(metric id, std::span<const label> labels) {
  return counter_ref{impl_->counter_at(id, labels)};
}

gauge_ref telemetry::gauge(metric id, label_list labels) {
  return gauge(id, std::span{labels.begin(), labels.size()});
}

gauge_ref telemetry::gauge(metric id, std::span<const label> labels) {
  return gauge_ref{impl_->gauge_at(id, labels)};
}

histogram_ref telemetry::histogram(metric id) { return histogram_ref{impl_->histogram_of(id)}; }

void telemetry::count_tenant(std::string_view tenant, const tenant_counts& difference,
                             std::chrono::steady_clock::time_point now) {
  impl_->count_tenant(tenant, difference, now);
}

std::vector<tenant_series::row> telemetry::tenants(std::chrono::steady_clock::time_point now) {
  return impl_->current_tenants(now);
}

void telemetry::set_account_source(account_source source) {
  impl_->set_account_source(std::move(source));
}

std::string telemetry::serialize(const scrape_time& now) { return impl_->serialize(now); }

} // namespace streamer
