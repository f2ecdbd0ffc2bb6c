#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// One variable of the environment.
struct environment_variable {
  std::string name;  ///< as it is spelled
  std::string value; ///< after the first =
};

/// A key that the command line sets.
struct flag_value {
  /// Full name: `consumer.group_id`.
  std::string key;
  /// Nothing when `--set` came without a `=`.
  std::optional<std::string> value;
  /// The flag as typed: `--group-id`, `--set`.
  std::string flag;
};

/// Where the configuration comes from, from the weakest to the strongest.
struct sources {
  /// The shipped file; empty or absent: the built-in defaults hold.
  std::filesystem::path default_file;
  /// This machine's file; empty or absent: nothing.
  std::filesystem::path local_file;
  /// `--config FILE`: must be readable when given.
  std::optional<std::filesystem::path> config_file;
  /// All of it; what is not meant is left alone.
  std::vector<environment_variable> environment;
  /// In the order of the command line.
  std::vector<flag_value> flags;
  /// Names under which C++ handlers are registered. With a list, a kind that is neither built in
  /// nor listed is a problem; without one every name is taken.
  std::optional<std::vector<std::string>> handler_kinds;
};

/// The usual sources: config/default.toml and config/local.toml under `directory` (the default
/// file where it is installed, if it is not there) and this process's environment.
[[nodiscard]] sources standard_sources(const std::filesystem::path& directory = ".");

/// The argument of `--set`, "section.key=value", taken apart at its first `=`.
[[nodiscard]] flag_value set_flag(std::string_view argument);

/// This process's environment.
[[nodiscard]] std::vector<environment_variable> process_environment();

} // namespace streamer
