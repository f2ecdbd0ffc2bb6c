#include "config/sources.hpp"

#include <unistd.h>

#include <system_error>

namespace streamer {

sources standard_sources(const std::filesystem::path& directory) {
  sources found;
  found.default_file = (directory / "config" / "default.toml").lexically_normal();
  std::error_code ignored;
  if (!std::filesystem::exists(found.default_file, ignored))
    found.default_file = std::filesystem::path{STREAMER_INSTALLED_CONFIG_DIR} / "default.toml";
  found.local_file = (directory / "config" / "local.toml").lexically_normal();
  found.environment = process_environment();
  return found;
}

flag_value set_flag(std::string_view argument) {
  std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return {std::string{argument}, std::nullopt, "--set"};
  return {std::string{argument.substr(0, equals)}, std::string{argument.substr(equals + 1)},
          "--set"};
}

std::vector<environment_variable> process_environment() {
  std::vector<environment_variable> variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text{*entry};
    std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.push_back(
          {std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}});
  }
  return variables;
}

} // namespace streamer
