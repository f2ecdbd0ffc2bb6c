#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::config_impl {

/// Levenshtein distance: single-character insertions, deletions and substitutions.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `name`, if one is near enough to be what was meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view name,
                                                 std::span<const std::string> candidates);

/// `text` in one line: control characters escaped, nothing else.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` as a TOML basic string: quoted, control characters escaped.
[[nodiscard]] std::string toml_quoted(std::string_view text);

/// `text` for an error message: quoted, escaped, and shortened when it is long.
[[nodiscard]] std::string shown(std::string_view text);

/// `texts` as a TOML array of strings.
[[nodiscard]] std::string toml_list(std::span<const std::string> texts);

/// The parts joined by `separator`.
[[nodiscard]] std::string joined(std::span<const std::string> parts, std::string_view separator);

/// The comma-separated parts without surrounding blanks; none for a blank text.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// ASCII lower case.
[[nodiscard]] std::string lowered(std::string_view text);

/// True for names whose values are not to be shown: passwords, tokens, secrets, private keys.
/// Names of files, locations and URLs are not.
[[nodiscard]] bool looks_secret(std::string_view name);

/// True for the name of an HTTP header whose value is not to be shown.
[[nodiscard]] bool is_secret_header(std::string_view name);

} // namespace streamer::config_impl
