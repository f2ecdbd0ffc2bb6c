#include "tools/usage/role_spelling.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace streamer::tools {
namespace {

constexpr std::string_view role_flag = "--role";
constexpr std::string_view role_prefix = "--role=";
constexpr std::string_view load_test_flag = "--load-test";
constexpr const char* roles = "; roles: consumer, producer [--load-test], all --load-test";

} // namespace

std::variant<std::vector<std::string>, std::string> spell_as_command(
    const std::vector<std::string>& arguments) {
  std::optional<std::string> role;
  bool load_test = false;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    const bool separate = argument == role_flag;
    if (separate || argument.starts_with(role_prefix)) {
      if (role) return std::string{"--role is given twice"};
      if (separate && i + 1 == arguments.size()) return std::string{"--role needs a value"} + roles;
      role = separate ? arguments[++i] : argument.substr(role_prefix.size());
    } else if (argument == load_test_flag) {
      load_test = true;
    } else {
      rest.push_back(argument);
    }
  }
  if (!role) {
    if (!load_test) return arguments;
    return std::string{"--load-test needs --role producer or --role all; or use: ingest load-test"};
  }
  std::vector<std::string> command;
  if (*role == "consumer" && load_test) {
    return std::string{"--load-test needs a producer: --role producer or --role all"};
  }
  if (*role == "consumer") {
    command = {"process", "start"};
  } else if (*role == "producer") {
    command = load_test ? std::vector<std::string>{"ingest", "load-test"}
                        : std::vector<std::string>{stdin_command};
  } else if (*role == "all" && load_test) {
    command = {all_load_test_command};
  } else if (*role == "all") {
    return std::string{"--role all runs a load test only: add --load-test"};
  } else {
    return "--role '" + *role + "' is not known" + roles;
  }
  command.insert(command.end(), rest.begin(), rest.end());
  return command;
}

} // namespace streamer::tools
