// Commands of later versions: refused by name, so that nobody takes them for typing errors.
#include "tools/command_tree.hpp"

namespace streamer::tools {
namespace {

void add(command_tree& tree, CLI::App& parent, const std::string& name,
         const std::string& description) {
  command what;
  what.not_yet = true;
  tree.add(parent, name, description + " (not in this version)", what).prefix_command();
}

} // namespace

void add_not_yet(command_tree& tree, CLI::App& dlq) {
  add(tree, dlq, "redrive", "Process again");
  add(tree, dlq, "purge", "Drop");
}

} // namespace streamer::tools
