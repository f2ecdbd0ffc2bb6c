// The series of one metric that is counted through handles. For this room only.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/telemetry/catalogue.hpp"
#include "runtime/telemetry/handles.hpp"
#include "runtime/telemetry/labels.hpp"

namespace streamer::detail {

/// Label values in the order in which the catalogue names the labels.
using label_values = std::vector<std::string>;

/// Puts labels into the catalogue's order, cleaned. Throws std::invalid_argument if a label is
/// missing, unknown or given twice.
[[nodiscard]] label_values ordered_values(const metric_info& info, std::span<const label> given);

/// Every combination of the values that a metric's labels have from the start; one empty
/// combination if it has no labels, none if the values of a label come at run time.
[[nodiscard]] std::vector<label_values> initial_values(const metric_info& info);

/// Cells by label values. Cells stay where they are. Not thread-safe.
template <class Cell>
class series_map {
 public:
  /// The cell of these values, made if it is new; beyond `limit` the cell that all further ones
  /// share.
  Cell& at(label_values values, std::size_t limit) {
    if (const auto found = cells_.find(values); found != cells_.end()) {
      return *found->second;
    }
    if (cells_.size() >= limit) {
      values.assign(values.size(), std::string{other_label});
    }
    auto& cell = cells_[std::move(values)];
    if (cell == nullptr) {
      cell = std::make_unique<Cell>();
    }
    return *cell;
  }

  template <class Visitor>
  void each(Visitor&& visit) const {
    for (const auto& [values, cell] : cells_) {
      visit(values, *cell);
    }
  }

 private:
  std::map<label_values, std::unique_ptr<Cell>> cells_;
};

} // namespace streamer::detail
