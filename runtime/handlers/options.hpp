#pragma once

#include "config/keys.hpp"
#include "config/settings.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// The own keys of a built-in kind, as loading has checked them; what is not there has its default.
class handler_options {
 public:
  explicit handler_options(const handler_settings& entry) : entry_{entry} {}

  [[nodiscard]] std::string text(const std::string& name) const {
    if (const auto found = entry_.options.find(name); found != entry_.options.end()) {
      return found->second;
    }
    const auto* known = config_impl::find_kind_option(entry_.kind, name);
    return known == nullptr ? std::string{} : known->fallback;
  }
  [[nodiscard]] std::uint64_t number(const std::string& name) const {
    const auto written = text(name);
    std::uint64_t value = 0;
    std::from_chars(written.data(), written.data() + written.size(), value);
    return value;
  }
  [[nodiscard]] std::chrono::milliseconds duration(const std::string& name) const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(number(name))};
  }
  [[nodiscard]] bool flag(const std::string& name) const { return text(name) == "true"; }
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const {
    const auto found = entry_.lists.find(name);
    return found == entry_.lists.end() ? std::vector<std::string>{} : found->second;
  }
  /// The entries of the table `name`, by their key.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> table(
      const std::string& name) const {
    std::vector<std::pair<std::string, std::string>> entries;
    const auto prefix = name + '.';
    for (const auto& [key, value] : entry_.options) {
      if (key.starts_with(prefix)) {
        entries.emplace_back(key.substr(prefix.size()), value);
      }
    }
    return entries;
  }

 private:
  const handler_settings& entry_;
};

} // namespace streamer
