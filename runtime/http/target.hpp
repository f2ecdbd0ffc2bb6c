// The target of a request line taken apart: path and query. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace streamer {

/// Names and values of a query, decoded, in the order given; names may repeat.
using query_arguments = std::vector<std::pair<std::string, std::string>>;

/// A path, as it was sent, and the arguments behind the `?`.
struct request_target {
  std::string path;
  query_arguments query;
};

/// Why a target is refused.
enum class target_error { too_long, malformed };

inline constexpr std::size_t max_target_bytes = 2048;
inline constexpr std::size_t max_query_arguments = 16;

/// Takes a target apart. `%XX` and `+` are decoded in the query and left alone in the path, which
/// is compared, never interpreted. Refused: more than max_target_bytes; anything but `/…` at the
/// start; more than max_query_arguments; a `%` without two hexadecimal digits; control characters
/// and invalid UTF-8 in a decoded name or value. A fragment is ignored.
[[nodiscard]] std::variant<request_target, target_error> parse_target(std::string_view text);

} // namespace streamer
