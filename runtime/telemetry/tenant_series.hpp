// Which tenants have series of their own, so that the number of series stays bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamer {

/// What is counted for a tenant.
struct tenant_counts {
  std::uint64_t received = 0;
  std::uint64_t processed = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead_lettered = 0;

  friend bool operator==(const tenant_counts&, const tenant_counts&) = default;
};

/// How many tenants get a label and for how long.
struct tenant_label_options {
  /// These have a label from the start, in this order, for ever.
  std::vector<std::string> configured;
  /// The most labels beside `other`; configured tenants beyond it are `other` too.
  std::size_t max_labels = 100;
  /// A tenant that is not configured loses its label after this time without a count.
  std::chrono::steady_clock::duration idle = std::chrono::minutes{10};
};

/// Counts by tenant under a limit of labels. Pure; not thread-safe. A tenant without a label, and
/// one that is called so, counts as `other`. A tenant whose label expired starts at 0 when it comes
/// back, which a Prometheus rate takes for a restart.
class tenant_series {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct row {
    std::string label;
    tenant_counts counts;
  };

  explicit tenant_series(const tenant_label_options& options);

  /// Adds to the tenant's counts; `now` must not go back. Costs a hash look-up.
  void add(std::string_view tenant, const tenant_counts& difference, time_point now);

  /// Drops the labels that are idle at `now`.
  void expire(time_point now);

  /// Every label with its counts, `other` last.
  [[nodiscard]] std::vector<row> rows() const;

 private:
  struct slot {
    std::string label;
    tenant_counts counts;
    time_point last_used;
    bool configured;
  };
  using slot_list = std::list<slot>;

  tenant_counts& counts_for(std::string_view tenant, time_point now);

  std::size_t max_labels_;
  std::chrono::steady_clock::duration idle_;
  slot_list configured_;
  // Least recently used first.
  slot_list others_;
  // The keys refer to the labels in the lists.
  std::unordered_map<std::string_view, slot_list::iterator> by_label_;
  tenant_counts rest_;
};

} // namespace streamer
