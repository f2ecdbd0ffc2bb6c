// From arguments to a command that has run.
#pragma once

#include <string>
#include <vector>

namespace streamer::tools {

/// Runs what the arguments (without the program's name) ask for. Returns the exit code; everything
/// that goes wrong has been said in one line on stderr.
[[nodiscard]] int run_command_line(const std::vector<std::string>& arguments);

} // namespace streamer::tools
