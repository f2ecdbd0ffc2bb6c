// The two spellings of a command: `--role consumer` is `process start`.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace streamer::tools {

/// Arguments (without the program's name) in which `--role R [--load-test]` has become the command
/// that it means; or one line that says what is wrong. Without `--role` they stay as they are.
[[nodiscard]] std::variant<std::vector<std::string>, std::string> spell_as_command(
    const std::vector<std::string>& arguments);

/// The commands that only `--role` reaches: they have no other spelling.
inline constexpr const char* stdin_command = "role-producer";
inline constexpr const char* all_load_test_command = "role-all-load-test";

} // namespace streamer::tools
