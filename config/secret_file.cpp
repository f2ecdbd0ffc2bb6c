#include "config/secret_file.hpp"

#include "config/layer.hpp"

namespace streamer {

std::optional<std::string> read_secret_file(const std::filesystem::path& file, std::string& error) {
  auto content = config_impl::file_content(file, error);
  if (!content) return std::nullopt;
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) {
    error = "is empty";
    return std::nullopt;
  }
  return content;
}

} // namespace streamer
