#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace streamer {

/// What a child process is started with; no shell is between.
struct child_command {
  std::string executable;               ///< a path
  std::vector<std::string> arguments;   ///< the first is the name that the program sees
  std::vector<std::string> environment; ///< NAME=value
  std::string directory;                ///< empty: the worker's
};

/// The environment of a child: this process's without what configures streamer (`KAFKA_…`), which
/// may be secrets.
[[nodiscard]] std::vector<std::string> child_environment(const std::vector<std::string>& own);
/// This process's environment now.
[[nodiscard]] std::vector<std::string> own_environment();

/// Where `name` is: itself if it has a slash (as seen from `directory`), else the first executable
/// file of that name in `path`, a list as in PATH. Or one line that says why there is none.
struct no_command {
  std::string text;
};
[[nodiscard]] std::variant<std::string, no_command> find_executable(const std::string& name,
                                                                    std::string_view path,
                                                                    const std::string& directory);

} // namespace streamer
