#include <cstdio>
#include <memory>
#include <string>

#include "tools/command_tree.hpp"
#include "tools/explain/explain_view.hpp"
#include "tools/worker_address.hpp"

namespace streamer::tools {
namespace {

struct explain_options {
  std::optional<int> partition;
  std::optional<std::string> addr;
  bool json = false;
};

/// The topic of --topic; without it the only one that is configured.
std::optional<std::string> topic_of(const command_context& context) {
  if (context.globals.topic) return context.globals.topic;
  const auto& topics = context.values().consumer.topics;
  if (topics.size() != 1 || topics.front().starts_with('^')) return std::nullopt;
  return topics.front();
}

int run(const command_context& context, const explain_options& options) {
  if (context.globals.topic && !options.partition) {
    return fail(exit_usage, "--topic needs --partition; without both all partitions are shown");
  }
  const auto topic = options.partition ? topic_of(context) : std::nullopt;
  if (options.partition && !topic) {
    return fail(exit_usage, "--partition needs --topic, because consumer.topics names several");
  }
  const auto asked = ask_admin(context, options.addr, explain_path(topic, options.partition));
  if (const auto* problem = std::get_if<asking_failure>(&asked)) {
    return fail(problem->code, problem->code == exit_failed
                                   ? problem->text + "; streamer process lag asks the brokers"
                                   : problem->text);
  }
  const auto& answer = std::get<http_answer>(asked);
  if (answer.status != 200) {
    const auto line = answer.body.substr(0, answer.body.find('\n'));
    return fail(exit_failed, line.empty()
                                 ? "/explain answered with status " + std::to_string(answer.status)
                                 : line);
  }
  const auto shown =
      show_explanation(answer.body, context.out.width, options.partition.has_value());
  if (!shown) {
    return fail(exit_failed, "the answer is not that of /explain: not a worker of this version?");
  }
  std::fputs(options.json ? answer.body.c_str() : shown->text.c_str(), stdout);
  return exit_done;
}

} // namespace

void add_process_explain(command_tree& tree, CLI::App& process) {
  const auto options = std::make_shared<explain_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app =
      tree.add(process, "explain", "Why a running worker's partitions lag, and what to do", what);
  app.add_option("--partition", options->partition, "This one alone, of --topic, in full")
      ->type_name("P")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--addr", options->addr, "Instead of admin.addr")->type_name("HOST:PORT");
  app.add_flag("--json", options->json, "As the worker answers");
}

} // namespace streamer::tools
