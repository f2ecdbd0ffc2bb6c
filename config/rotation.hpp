#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"

namespace streamer {

/// What new secrets and certificates ask of a running Kafka client.
enum class rotation : std::uint8_t {
  none,   ///< nothing: they are the same, or have no effect
  login,  ///< new logins use the new password; the client goes on
  client, ///< only a new client uses them
};

/// Judges the change from `before` to `after`, which differ in secrets alone. `files_changed`: the
/// content of a certificate, key or authority file is another.
[[nodiscard]] rotation rotation_between(const settings& before, const settings& after,
                                        bool files_changed);

/// Sets the secret that has this full name, one of kafka.secret_files.
void set_secret(settings& values, const std::string& name, const secret& value);

/// `values` with the secrets that their files hold now. One whose file cannot be read stays as it
/// is.
[[nodiscard]] settings with_current_secrets(settings values);

/// The files of certificate, key and authorities that the configuration names; also folders.
[[nodiscard]] std::vector<std::filesystem::path> certificate_files(const kafka_settings& kafka);

/// Contents of files by path, as one look found them. Files that cannot be read are absent.
using file_contents = std::map<std::filesystem::path, secret>;

/// Decides which change of files counts. Files are replaced one after the other, and some tools
/// write them in pieces: a change counts once two looks in a row have found the same.
class settled_files {
 public:
  explicit settled_files(file_contents used) : used_{std::move(used)}, seen_{used_} {}

  /// What differs from the files in use, if this look found what the last one did. A file that is
  /// absent now keeps its old content. The result is in use from now on.
  [[nodiscard]] std::optional<file_contents> look(file_contents found);

 private:
  file_contents used_;
  file_contents seen_;
};

} // namespace streamer
