// A worker's supervision tree as text and JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "messages/inspection.hpp"

namespace streamer::tools {

/// One line: which worker this is, and how many actors it has.
[[nodiscard]] std::string worker_line(const tree_snapshot& tree);

/// All actors, each below its supervisor, in lines of `width` characters.
[[nodiscard]] std::string tree_text(const tree_snapshot& tree, std::size_t width);

/// All that is known of one actor, a line each.
[[nodiscard]] std::string actor_text(const tree_snapshot& tree, const actor_snapshot& actor,
                                     std::size_t width);

/// The busiest actors first, at most `most`; rates are those since `before`, `since` ago.
[[nodiscard]] std::string busiest_text(const tree_snapshot& now, const tree_snapshot& before,
                                       std::chrono::milliseconds since, std::size_t width,
                                       std::size_t most);

/// One line.
[[nodiscard]] std::string tree_json(const tree_snapshot& tree);
[[nodiscard]] std::string actor_json(const actor_snapshot& actor);

/// The actor of that name; null: there is none.
[[nodiscard]] const actor_snapshot* find_actor(const tree_snapshot& tree, const std::string& name);

/// Names that may have been meant: what contains `name` first, then what is spelled like it.
[[nodiscard]] std::vector<std::string> names_like(const tree_snapshot& tree,
                                                  const std::string& name);

} // namespace streamer::tools
