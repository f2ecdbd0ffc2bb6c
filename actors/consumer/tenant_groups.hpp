#pragma once

#include "messages/work.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace streamer {

/// Sorts the items of a batch by tenant: tenants in the order in which they first appear, the items
/// of each in offset order. Two passes, and one allocation however many tenants there are. Keeps
/// scratch memory from one batch to the next; a plain value.
class tenant_groups {
 public:
  /// So many items of a tenant, from place `from` of the order on.
  struct group {
    std::uint32_t tenant = 0;
    std::size_t from = 0;
    std::size_t count = 0;
  };

  /// The items' indexes by tenant, without those of which `skip(item)` is true. `tenants`: every
  /// item's tenant has a smaller number.
  template <class Skip>
  std::vector<std::uint32_t> sort(std::span<const work_item> items, std::size_t tenants,
                                  Skip skip) {
    groups_.clear();
    group_of_.resize(tenants, none);
    for (const auto& item : items) {
      if (skip(item)) {
        continue;
      }
      auto& g = group_of_[item.tenant];
      if (g == none) {
        g = static_cast<std::uint32_t>(groups_.size());
        groups_.push_back({item.tenant, 0, 0});
      }
      ++groups_[g].count;
    }
    std::size_t before = 0;
    for (auto& g : groups_) {
      g.from = before;
      before += std::exchange(g.count, 0);
    }
    std::vector<std::uint32_t> order(before);
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      if (!skip(items[i])) {
        auto& g = groups_[group_of_[items[i].tenant]];
        order[g.from + g.count++] = i;
      }
    }
    for (const auto& g : groups_) {
      group_of_[g.tenant] = none;
    }
    return order;
  }

  /// Of what was sorted last.
  [[nodiscard]] std::span<const group> groups() const { return groups_; }

 private:
  static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

  std::vector<group> groups_;
  std::vector<std::uint32_t> group_of_; // by tenant, while a batch is sorted
};

} // namespace streamer
