#include "config/sources.hpp"

#include <unistd.h>

#include <system_error>

namespace streamer {
namespace {

/// The shipped file: beside this program as an installation has it (PREFIX/bin, PREFIX/share), so
/// that a prefix can be moved; else where it was to be installed.
std::filesystem::path installed_file() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    auto beside = program.parent_path().parent_path() / "share/streamer/default.toml";
    if (std::filesystem::exists(beside, failed)) return beside;
  }
  return std::filesystem::path{STREAMER_INSTALLED_CONFIG_DIR} / "default.toml";
}

} // namespace

sources standard_sources(const std::filesystem::path& directory) {
  sources found;
  found.default_file = (directory / "config" / "default.toml").lexically_normal();
  std::error_code ignored;
  if (!std::filesystem::exists(found.default_file, ignored)) found.default_file = installed_file();
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
