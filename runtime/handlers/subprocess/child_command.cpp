#include "runtime/handlers/subprocess/child_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace streamer {
namespace {

bool is_executable_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

} // namespace

std::vector<std::string> child_environment(const std::vector<std::string>& own) {
  std::vector<std::string> kept;
  std::ranges::copy_if(own, std::back_inserter(kept),
                       [](const std::string& entry) { return !entry.starts_with("KAFKA_"); });
  return kept;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
  }
  return entries;
}

std::variant<std::string, no_command> find_executable(const std::string& name,
                                                      std::string_view path,
                                                      const std::string& directory) {
  if (name.find('/') != std::string::npos) {
    const auto file = std::filesystem::path{directory} / name; // an absolute name stays as it is
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
      return no_command{"there is no file " + file.string()};
    }
    if (!is_executable_file(file)) {
      return no_command{file.string() + " is not an executable file"};
    }
    return name;
  }
  while (!path.empty()) {
    const auto end = path.find(':');
    const auto folder = path.substr(0, end);
    const auto file = std::filesystem::path{folder.empty() ? "." : folder} / name;
    if (is_executable_file(file)) {
      return std::filesystem::absolute(file).string();
    }
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return no_command{"no folder of PATH has it"};
}

} // namespace streamer
