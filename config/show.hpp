#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace streamer {

/// One line of `config show`.
struct shown_row {
  std::string section;
  /// Full name.
  std::string key;
  /// As a TOML literal; secrets as `***`.
  std::string value;
  /// `default`, `config/local.toml:3:14`, `environment KAFKA_X`, `flag --set`.
  std::string source;
};

/// Every key with its value and source, sorted by section and, within one, in the order of the
/// documentation. A handler's retry keys say where they were inherited from.
[[nodiscard]] std::vector<shown_row> config_rows(const configuration& shown);

} // namespace streamer
