#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace streamer::test {

/// A folder that goes away with the test.
class scratch_folder {
 public:
  scratch_folder() {
    std::random_device seed;
    path_ = std::filesystem::temp_directory_path() /
            ("streamer-config-" + std::to_string(seed()) + std::to_string(seed()));
    std::filesystem::create_directories(path_);
  }
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  /// Writes `text` to a file of that name and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
    return path_ / name;
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Loads `text` as config/local.toml, called local.toml in positions.
inline load_result load_text(std::string_view text, sources with = {}) {
  scratch_folder folder;
  with.local_file = folder.write("local.toml", text);
  auto result = load(with);
  std::string prefix = folder.path().string() + '/';
  auto shorten = [&](problem& found) {
    if (found.where.name.starts_with(prefix)) found.where.name.erase(0, prefix.size());
  };
  std::ranges::for_each(result.problems, shorten);
  std::ranges::for_each(result.warnings, shorten);
  return result;
}

/// All problems as `config check` prints them.
inline std::string report(const load_result& result) {
  std::string lines;
  for (const auto& found : result.problems)
    lines += to_string(found) + '\n';
  return lines;
}

/// All warnings as the log has them.
inline std::string warned(const load_result& result) {
  std::string lines;
  for (const auto& found : result.warnings)
    lines += to_string(found) + '\n';
  return lines;
}

/// Loads the given environment alone.
inline load_result load_environment(std::vector<environment_variable> variables) {
  sources from;
  from.environment = std::move(variables);
  return load(from);
}

/// Loads the given flags alone.
inline load_result load_flags(std::vector<flag_value> flags) {
  sources from;
  from.flags = std::move(flags);
  return load(from);
}

} // namespace streamer::test
