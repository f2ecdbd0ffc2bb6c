#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/show.hpp"
#include "runtime/logging/utf8.hpp"
#include "tools/command_tree.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

int run_show(const command_context& context, bool json) {
  const auto rows = config_rows(context.config());
  if (json) {
    auto keys = nlohmann::json::array();
    for (const auto& row : rows) {
      keys.push_back({{"key", replace_invalid_utf8(row.key)},
                      {"value", replace_invalid_utf8(row.value)},
                      {"source", replace_invalid_utf8(row.source)}});
    }
    std::puts(nlohmann::json{{"keys", std::move(keys)}}.dump(-1, ' ', true).c_str());
    return exit_done;
  }
  table out{{{"key", false, true}, {"value", false, true}, {"from", false, true}}};
  for (const auto& row : rows)
    out.add({row.key, row.value, row.source});
  std::fputs(out.render(context.out.width).c_str(), stdout);
  return exit_done;
}

} // namespace

void add_config_show(command_tree& tree, CLI::App& config) {
  const auto json = std::make_shared<bool>(false);
  command what;
  what.run = [json](const command_context& context) { return run_show(context, *json); };
  tree.add(config, "show", "Each key's value and where it came from", what)
      .add_flag("--json", *json, "One JSON object, values as TOML");
}

} // namespace streamer::tools
