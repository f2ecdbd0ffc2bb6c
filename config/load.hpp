#pragma once

#include <optional>
#include <vector>

#include "config/problem.hpp"
#include "config/settings.hpp"
#include "config/sources.hpp"

namespace streamer {

/// A configuration that holds together, and where each value came from.
struct configuration {
  settings values;  ///< what holds
  provenance where; ///< and why
};

/// What `load()` gives: a configuration, or every problem at once.
struct load_result {
  /// Present exactly when `problems` is empty.
  std::optional<configuration> loaded;
  /// Empty, or all of them.
  std::vector<problem> problems;
  /// Worth a line in the log; never a reason to stop.
  std::vector<problem> warnings;

  /// Whether it can be used.
  explicit operator bool() const noexcept { return loaded.has_value(); }
};

/// Lays all sources over each other, the built-in defaults first, and checks the result: each key,
/// keys against each other, and the files that are named.
[[nodiscard]] load_result load(const sources& from);

} // namespace streamer
