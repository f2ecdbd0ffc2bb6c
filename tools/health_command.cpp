#include <cstdio>
#include <memory>

#include "tools/command_tree.hpp"
#include "tools/metrics/health_line.hpp"
#include "tools/text/table.hpp"
#include "tools/worker_address.hpp"

namespace streamer::tools {
namespace {

struct health_options {
  bool live = false;
  bool ready = false;
  std::optional<std::string> addr;
};

int run(const command_context& context, const health_options& options) {
  if (options.live && options.ready) {
    return fail(exit_usage, "--live and --ready exclude each other; without either it is --ready");
  }
  const auto asked = ask_worker(context, options.addr, options.live ? "/healthz" : "/readyz");
  if (const auto* problem = std::get_if<asking_failure>(&asked)) {
    return fail(problem->code, problem->text);
  }
  const auto& answer = std::get<http_answer>(asked);
  const bool fine = answer.status == 200;
  auto line = health_line(options.live, answer.status, answer.body);
  if (context.out.is_terminal) line = shortened(line, context.out.width);
  std::puts(painted(context.out, fine ? colour::green : colour::red, line).c_str());
  return fine ? exit_done : exit_failed;
}

} // namespace

void add_health(command_tree& tree) {
  const auto options = std::make_shared<health_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(tree.root(), "health", "Exit 0 if a worker is ready, else 1", what);
  app.add_flag("--live", options->live, "Ask whether it is alive");
  app.add_flag("--ready", options->ready, "Ask whether it is ready (default)");
  app.add_option("--addr", options->addr, "Instead of observability.metrics_addr")
      ->type_name("HOST:PORT");
}

} // namespace streamer::tools
