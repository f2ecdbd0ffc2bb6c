#include <cstdio>
#include <memory>

#include "tools/command_tree.hpp"
#include "tools/metrics/metrics_text.hpp"
#include "tools/worker_address.hpp"

namespace streamer::tools {
namespace {

int run(const command_context& context, const std::optional<std::string>& addr) {
  const auto asked = ask_worker(context, addr, "/metrics");
  if (const auto* problem = std::get_if<asking_failure>(&asked)) {
    return fail(problem->code, problem->text);
  }
  const auto& answer = std::get<http_answer>(asked);
  if (answer.status != 200) {
    return fail(exit_failed, "/metrics answered with status " + std::to_string(answer.status));
  }
  const auto reading = read_metrics(answer.body);
  if (!reading.page) {
    return fail(exit_failed, "line " + std::to_string(reading.bad_line) +
                                 " of the answer is no Prometheus text: not a worker of streamer?");
  }
  std::fputs(metrics_table(*reading.page, context.out.width).c_str(), stdout);
  return exit_done;
}

} // namespace

void add_process_metrics(command_tree& tree, CLI::App& process) {
  const auto addr = std::make_shared<std::optional<std::string>>();
  command what;
  what.run = [addr](const command_context& context) { return run(context, *addr); };
  auto& app = tree.add(process, "metrics", "A running worker's figures", what);
  app.add_option("--addr", *addr, "Instead of observability.metrics_addr")->type_name("HOST:PORT");
}

} // namespace streamer::tools
