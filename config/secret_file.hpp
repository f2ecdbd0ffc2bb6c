#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace streamer {

/// The secret in `file`, without its last line break; or nothing with the reason in `error`, which
/// continues "FILE ": it is absent, too large, or empty.
[[nodiscard]] std::optional<std::string> read_secret_file(const std::filesystem::path& file,
                                                          std::string& error);

} // namespace streamer
