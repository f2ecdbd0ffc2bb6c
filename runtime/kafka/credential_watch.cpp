#include "runtime/kafka/credential_watch.hpp"

#include "config/secret_file.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace streamer {

credential_watch::credential_watch(settings config, log_handle log)
    : config_{std::move(config)},
      log_{std::move(log)},
      certificates_{certificate_files(config_.kafka)},
      files_{read()} {}

file_contents credential_watch::read() {
  file_contents found;
  const auto add = [&](const std::filesystem::path& file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
      return; // of authorities: read by the library when it needs one
    }
    std::string why;
    if (auto content = read_secret_file(file, why)) {
      found.emplace(file, secret{*content});
    } else if (const auto suppressed = unreadable_line_.pass(every::clock::now())) {
      log_.warn("secret_unreadable",
                "a file of [kafka] cannot be read; what it held before stays in use",
                {{"file", file.string()}, {"why", why}, {"suppressed", *suppressed}});
    }
  };
  for (const auto& [name, file] : config_.kafka.secret_files) {
    add(file);
  }
  std::ranges::for_each(certificates_, add);
  return found;
}

rotation credential_watch::look(time_point now) {
  if (now - looked_at_ < interval) {
    return rotation::none;
  }
  looked_at_ = now;
  const auto changed = files_.look(read());
  if (!changed) {
    return rotation::none;
  }
  const auto before = config_;
  for (const auto& [name, file] : config_.kafka.secret_files) {
    if (const auto found = changed->find(file); found != changed->end()) {
      set_secret(config_, name, found->second);
    }
  }
  const bool certificates =
      std::ranges::any_of(certificates_, [&](const auto& file) { return changed->contains(file); });
  return rotation_between(before, config_, certificates);
}

} // namespace streamer
