#include "config/layer.hpp"
#include "config/text.hpp"

namespace streamer::config_impl {
namespace {

/// "kafka.properties.fetch.min.bytes" as {"kafka", "properties", "fetch.min.bytes"}.
std::vector<std::string> path_of(std::string_view key) {
  std::vector<std::string> path;
  for (int part = 0; part < 2; ++part) {
    std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) break;
    path.emplace_back(key.substr(0, dot));
    key.remove_prefix(dot + 1);
  }
  path.emplace_back(key);
  return path;
}

} // namespace

layer read_flags(const std::vector<flag_value>& flags) {
  layer result;
  auto refuse = [&](const origin& where, const std::string& key, std::string message,
                    std::string remedy) {
    result.problems.push_back({.where = where,
                               .key = key,
                               .value = {},
                               .message = std::move(message),
                               .remedy = std::move(remedy),
                               .nearest = {}});
  };
  for (const auto& flag : flags) {
    origin where{origin::layer::flag, flag.flag, 0, 0};
    auto path = path_of(flag.key);
    if (!flag.value)
      refuse(where, shown(flag.key), "has no value", "write " + flag.flag + " section.key=value");
    else if (is_secret_path(path))
      refuse(where, flag.key, "is secret, and a flag shows it in the process list",
             "use the environment, its variable with _FILE, or a file");
    else if (path[0] == "handlers" && flag.key != "handlers.unmatched")
      refuse(where, flag.key, "cannot be set by a flag", "handlers come from files");
    else if (path.size() > 2 && path[0] == "tenants" && path[1] == "limits")
      refuse(where, flag.key, "cannot be set by a flag", "limits come from files");
    else
      result.assignments.push_back({std::move(path), untyped_text{*flag.value}, where});
  }
  return result;
}

} // namespace streamer::config_impl
