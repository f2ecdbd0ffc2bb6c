#include "runtime/system/local_facts.hpp"

#include "runtime/http/bearer.hpp"
#include "runtime/system/descriptor_limit.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace streamer {
namespace {

// A directory that is not there yet has to have somebody who may make it.
std::string why_not_writable(std::filesystem::path directory) {
  std::error_code error;
  directory = std::filesystem::absolute(directory, error);
  while (!directory.empty() && !std::filesystem::exists(directory, error) &&
         directory != directory.root_path()) {
    directory = directory.parent_path();
  }
  if (!std::filesystem::is_directory(directory, error)) {
    return '"' + directory.string() + "\" is no directory";
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return std::error_code{errno, std::generic_category()}.message() + " (\"" + directory.string() +
           "\")";
  }
  return {};
}

} // namespace

local_facts look_around(const settings& config) {
  local_facts facts;
  facts.state_dir_error = why_not_writable(config.runtime.state_dir);
  if (!config.admin.token_file.empty() && !read_bearer_token(config.admin.token_file)) {
    facts.token_file_error = "holds no token, or cannot be read";
  }
  facts.open_files = attainable_descriptor_limit();
  return facts;
}

} // namespace streamer
