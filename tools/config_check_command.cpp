#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/logging/utf8.hpp"
#include "tools/command_tree.hpp"

namespace streamer::tools {
namespace {

nlohmann::json lines_of(const std::vector<problem>& problems) {
  auto lines = nlohmann::json::array();
  for (const auto& what : problems) {
    lines.push_back(
        {{"where", replace_invalid_utf8(to_string(what.where))},
         {"key", replace_invalid_utf8(what.key)},
         {"text", replace_invalid_utf8(to_string(what))},
         {"nearest", what.nearest.empty() ? nlohmann::json() : nlohmann::json(what.nearest)}});
  }
  return lines;
}

int run_check(const command_context& context, bool json) {
  const auto& loaded = context.loaded;
  if (json) {
    const nlohmann::json page{{"ok", loaded.problems.empty()},
                              {"problems", lines_of(loaded.problems)},
                              {"warnings", lines_of(loaded.warnings)}};
    std::puts(page.dump(-1, ' ', true).c_str());
  } else {
    for (const auto& what : loaded.problems)
      report_error(to_string(what));
    if (loaded.problems.empty()) std::puts("the configuration holds together");
  }
  return loaded.problems.empty() ? exit_done : exit_usage;
}

} // namespace

void add_config_check(command_tree& tree, CLI::App& config) {
  const auto json = std::make_shared<bool>(false);
  command what;
  what.needs_config = false;
  what.run = [json](const command_context& context) { return run_check(context, *json); };
  tree.add(config, "check", "Every problem of the configuration at once", what)
      .add_flag("--json", *json, "One JSON object");
}

} // namespace streamer::tools
