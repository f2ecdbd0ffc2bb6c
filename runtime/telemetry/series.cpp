#include "runtime/telemetry/series.hpp"

#include <algorithm>
#include <stdexcept>

namespace streamer::detail {

label_values ordered_values(const metric_info& info, std::span<const label> given) {
  const auto fail = [&info](const char* what) {
    throw std::invalid_argument{std::string{info.name} + ": " + what};
  };
  if (given.size() != info.labels.size()) {
    fail("wrong number of labels");
  }
  label_values values;
  for (const auto& expected : info.labels) {
    const auto same = [&expected](const label& l) { return l.name == expected.name; };
    const auto found = std::find_if(given.begin(), given.end(), same);
    if (found == given.end()) {
      fail("a label is missing");
    }
    values.push_back(clean_label(found->value));
  }
  return values;
}

std::vector<label_values> initial_values(const metric_info& info) {
  std::vector<label_values> combinations{{}};
  for (const auto& axis : info.labels) {
    std::vector<label_values> longer;
    for (const auto& shorter : combinations) {
      for (const auto value : axis.values) {
        longer.push_back(shorter);
        longer.back().emplace_back(value);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

} // namespace streamer::detail
