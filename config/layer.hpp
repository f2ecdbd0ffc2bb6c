#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/raw_value.hpp"
#include "config/sources.hpp"

namespace streamer::config_impl {

/// One [[handlers]] entry as written; the paths of its keys start inside the entry.
struct handler_entry {
  origin where;
  std::vector<assignment> keys;
};

/// What one source sets, before anything is checked against the keys.
struct layer {
  std::vector<assignment> assignments;
  /// Replaces the handlers of weaker layers when present, also when empty.
  std::optional<std::vector<handler_entry>> handlers;
  std::vector<problem> problems;
  std::vector<problem> warnings;
};

/// Reads a TOML file. Its absence is a problem only when it is `required`.
[[nodiscard]] layer read_file(const std::filesystem::path& file, origin::layer from, bool required);

/// Reads TOML text; `name` stands for the file in positions.
[[nodiscard]] layer read_toml(std::string_view text, const std::string& name, origin::layer from);

/// Reads the `KAFKA_` variables.
[[nodiscard]] layer read_environment(const std::vector<environment_variable>& variables);

/// Reads `--set` and the flags that stand for a key.
[[nodiscard]] layer read_flags(const std::vector<flag_value>& flags);

/// At most this much is read of a configuration file or of a file with a secret.
inline constexpr std::size_t largest_file = 4U << 20U;

/// The content of `file`, or nothing with the reason in `error`.
[[nodiscard]] std::optional<std::string> file_content(const std::filesystem::path& file,
                                                      std::string& error);

/// True when the full name `path` holds a secret: its key is one, or it is a property or a key of
/// a handler's own with a telling name.
[[nodiscard]] bool is_secret_path(const std::vector<std::string>& path);

} // namespace streamer::config_impl
