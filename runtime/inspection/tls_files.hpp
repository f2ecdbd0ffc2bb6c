#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace streamer {

/// Which end of an inspection connection.
enum class inspection_side {
  worker, ///< is asked
  client, ///< asks
};

/// PEM files of one end: its certificate (with its chain), the key of that, and the authority that
/// the other end's certificate has to come from.
struct tls_files {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path ca;
  bool own = false; ///< made by streamer, in runtime.state_dir
};

/// The configured files, or those in runtime.state_dir.
[[nodiscard]] tls_files tls_files_for(const settings& config, inspection_side side);

/// Whether the files can be used by that end: readable, PEM, key and certificate belong together,
/// the certificate holds now and comes from the authority. Otherwise one line that names the key of
/// the configuration and the file. A key that needs a password is refused.
[[nodiscard]] std::optional<std::string> check_tls_files(const tls_files& files,
                                                         inspection_side side);

/// How long the certificate still holds; negative if it has expired or cannot be read.
[[nodiscard]] std::chrono::seconds remaining_validity(const std::filesystem::path& certificate);

} // namespace streamer
