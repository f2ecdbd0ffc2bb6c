#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/settings.hpp"

namespace streamer::config_impl {

/// A key, or one value of a key, that a later version brings.
struct unsupported_key {
  /// The key without what the user chose (`handlers.kind`), or a table with all its keys.
  std::string_view key;
  /// The refused value as a TOML literal; empty: every value but the default.
  std::string_view value;
};

/// What is not in this version. Remove an entry when its feature arrives.
[[nodiscard]] std::span<const unsupported_key> unsupported_keys();

/// A problem for each use of one of them.
[[nodiscard]] std::vector<problem> not_in_this_version(const settings& values,
                                                       const provenance& where);

} // namespace streamer::config_impl
