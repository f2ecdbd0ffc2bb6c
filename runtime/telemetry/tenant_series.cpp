#include "runtime/telemetry/tenant_series.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/telemetry/labels.hpp"

namespace streamer {

tenant_series::tenant_series(const tenant_label_options& options)
    : max_labels_{options.max_labels}, idle_{options.idle} {
  for (const auto& tenant : options.configured) {
    auto label = clean_label(tenant);
    if (by_label_.size() < max_labels_ && label != other_label && !by_label_.contains(label)) {
      configured_.push_back({std::move(label), {}, {}, true});
      by_label_.emplace(configured_.back().label, std::prev(configured_.end()));
    }
  }
}

void tenant_series::add(std::string_view tenant, const tenant_counts& difference, time_point now) {
  auto& counts = counts_for(tenant, now);
  counts.received += difference.received;
  counts.processed += difference.processed;
  counts.retried += difference.retried;
  counts.dead_lettered += difference.dead_lettered;
}

tenant_counts& tenant_series::counts_for(std::string_view tenant, time_point now) {
  // Most ids are their own label, and where tenants are many most have none: no copy is made then.
  std::string cleaned;
  if (!is_clean_label(tenant)) {
    tenant = cleaned = clean_label(tenant);
  }
  if (const auto found = by_label_.find(tenant); found != by_label_.end()) {
    const auto position = found->second;
    position->last_used = now;
    if (!position->configured) {
      others_.splice(others_.end(), others_, position);
    }
    return position->counts;
  }
  expire(now);
  if (by_label_.size() >= max_labels_ || tenant == other_label) {
    return rest_;
  }
  others_.push_back({std::string{tenant}, {}, now, false});
  by_label_.emplace(others_.back().label, std::prev(others_.end()));
  return others_.back().counts;
}

void tenant_series::expire(time_point now) {
  while (!others_.empty() && now - others_.front().last_used >= idle_) {
    by_label_.erase(others_.front().label);
    others_.pop_front();
  }
}

std::vector<tenant_series::row> tenant_series::rows() const {
  std::vector<row> all;
  all.reserve(by_label_.size() + 1);
  const auto to_row = [](const slot& s) { return row{s.label, s.counts}; };
  std::transform(configured_.begin(), configured_.end(), std::back_inserter(all), to_row);
  const auto configured_end = static_cast<std::ptrdiff_t>(all.size());
  std::transform(others_.begin(), others_.end(), std::back_inserter(all), to_row);
  // Use reorders the list; a reader finds a tenant more easily at a steady place.
  std::sort(all.begin() + configured_end, all.end(),
            [](const row& a, const row& b) { return a.label < b.label; });
  all.push_back({std::string{other_label}, rest_});
  return all;
}

} // namespace streamer
