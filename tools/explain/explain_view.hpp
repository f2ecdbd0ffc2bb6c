// How `process explain` shows what a worker said.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace streamer::tools {

/// What the worker's answer looks like to people.
struct explanation {
  std::string text;
  bool stuck = false; ///< some partition needs somebody
};

/// Takes the JSON of GET /explain: every partition with its verdict, those that matter first; one
/// partition alone also with the parts of its lag and the record that holds the frontier. At most
/// `width` characters a line, nothing that could leave its line. Nothing if it is no such answer.
[[nodiscard]] std::optional<explanation> show_explanation(std::string_view body, std::size_t width,
                                                          bool in_full);

/// The path and query to ask for one partition, or for all; the topic is escaped.
[[nodiscard]] std::string explain_path(const std::optional<std::string>& topic,
                                       std::optional<int> partition);

} // namespace streamer::tools
