#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace streamer::config_impl {

/// One value of a configuration under its full name.
struct effective_value {
  /// kafka, handlers, ...
  std::string section;
  /// `handlers[0].kind`, `kafka.properties.fetch.min.bytes`.
  std::string name;
  /// The name without what the user chose: `handlers.kind`, `kafka.properties`.
  std::string key;
  /// As a TOML literal; secrets as `***`.
  std::string literal;
  /// The literal of the built-in default; empty for what has none.
  std::string fallback;
};

/// Every value, in the order of the documentation.
[[nodiscard]] std::vector<effective_value> effective_values(const settings& values);

} // namespace streamer::config_impl
