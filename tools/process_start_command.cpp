#include "runtime/handlers/builtin.hpp"
#include "runtime/system/worker.hpp"
#include "tools/command_tree.hpp"

namespace streamer::tools {

void add_process_start(command_tree& tree, CLI::App& process) {
  command what;
  what.takes_embedded = true;
  what.run = [](const command_context& context) {
    handler_registry registry;
    add_builtin_handlers(registry, context.log);
    return run_worker(context.values(), registry,
                      {context.globals.embedded, context.load_again, context.set_log_level},
                      context.log);
  };
  tree.add(process, "start", "Run a worker until SIGTERM or SIGINT", what);
}

} // namespace streamer::tools
