#pragma once

#include "runtime/inspection/tls_files.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace streamer {

/// The folder of the certificates that streamer makes itself.
[[nodiscard]] std::filesystem::path own_certificates(const std::filesystem::path& state_dir);

/// Makes an authority, a worker's certificate and a client's, if they are not there or hold for
/// less than a week. The authority's key is thrown away: nobody can issue a further one. Several
/// processes may do so at once: one wins, the others take its files. Fails with one line.
[[nodiscard]] std::optional<std::string> make_certificates(const std::filesystem::path& state_dir);

} // namespace streamer
