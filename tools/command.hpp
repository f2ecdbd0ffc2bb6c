// What a command is, and what it gets to work with.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "runtime/logging/log.hpp"
#include "tools/exit_code.hpp"
#include "tools/text/terminal.hpp"

namespace streamer::tools {

/// Flags that every command takes.
struct global_options {
  std::optional<std::string> config_file;
  std::vector<std::string> settings; ///< --set section.key=value
  std::optional<std::string> bootstrap_servers;
  std::optional<std::string> topic; ///< consumer.topics and producer.events_topic
  std::optional<std::string> group_id;
  std::optional<std::string> log_level;
  bool json_logs = false;
  bool embedded = false;
};

/// What a command works with. Lives as long as the command runs.
struct command_context {
  const load_result& loaded;
  const global_options& globals;
  terminal out; ///< stdout

  /// For clients and actors of commands that end by themselves: quiet unless --log-level is given,
  /// because a command's errors are its own one line.
  log_handle quiet_log;
  /// At the configured level: for the worker.
  log_handle log;
  /// The configuration as its sources are now.
  std::function<load_result()> load_again;
  /// Of both logs. Thread-safe.
  std::function<void(log_level)> set_log_level;

  /// Only for commands that need a valid configuration, which is the default.
  [[nodiscard]] const configuration& config() const { return *loaded.loaded; }
  [[nodiscard]] const settings& values() const { return loaded.loaded->values; }
};

/// What is to be run, and what it stands.
struct command {
  std::function<int(const command_context&)> run;
  /// Knows what to do on an embedded cluster. The others refuse --embedded: no other process can
  /// join it, so there would be nothing to see.
  bool takes_embedded = false;
  /// Runs only with a configuration that holds together.
  bool needs_config = true;
  /// Brings its own cluster and configuration: it refuses the flags that name others, and neither
  /// files nor the environment reach it.
  bool own_config = false;
};

/// Prints the line to stderr and returns the code: how commands fail.
[[nodiscard]] inline int fail(exit_code code, std::string_view line) {
  report_error(line);
  return code;
}

} // namespace streamer::tools
