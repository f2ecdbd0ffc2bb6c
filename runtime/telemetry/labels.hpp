// Label values made safe for the text format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace streamer {

/// A name and its value, as given where a series is asked for.
struct label {
  std::string_view name;
  std::string_view value;
};

/// The value of the series that takes what has no series of its own.
inline constexpr std::string_view other_label = "other";

/// Longer label values are cut to this many bytes; it leaves room for any topic's name.
inline constexpr std::size_t max_label_bytes = 256;

/// `text` as a label value: invalid UTF-8 and control characters other than the line end become
/// U+FFFD, and what is longer than max_label_bytes is cut between two characters. Different texts
/// may become the same value: count by the result, not by the text.
[[nodiscard]] std::string clean_label(std::string_view text);

/// Whether `clean_label` would return it as it is. Allocates nothing.
[[nodiscard]] bool is_clean_label(std::string_view text);

} // namespace streamer
