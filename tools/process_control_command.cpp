// pause, resume and log-level: what changes a running worker at its admin address.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>

#include "tools/command_tree.hpp"
#include "tools/worker_address.hpp"

namespace streamer::tools {
namespace {

using json = nlohmann::ordered_json;

struct pause_options {
  std::optional<std::int32_t> partition;
  std::optional<std::string> tenant;
  std::optional<std::string> addr;
};

std::string text_of(const json& body) {
  // What a shell gives need not be UTF-8; what is replaced is nobody's name.
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Prints `done`, or `was_so` if the worker says that nothing has changed.
int tell(const command_context& context, const std::optional<std::string>& addr,
         const std::string& path, const json& body, const std::string& done,
         const std::string& was_so) {
  const auto told = tell_admin(context, addr, path, text_of(body));
  if (const auto* problem = std::get_if<asking_failure>(&told)) {
    return fail(problem->code, problem->text);
  }
  const auto answer = json::parse(std::get<http_answer>(told).body, nullptr, false);
  if (!answer.is_object()) {
    return fail(exit_failed,
                "the answer is not that of " + path + ": not a worker of this version?");
  }
  std::puts((answer.value("changed", true) ? done : was_so).c_str());
  return exit_done;
}

int run_pause(const command_context& context, const pause_options& options, bool on) {
  const auto& topic = context.globals.topic;
  const bool partition = topic && options.partition;
  if (partition == options.tenant.has_value() ||
      topic.has_value() != options.partition.has_value()) {
    return fail(exit_usage, "give either --topic and --partition, or --tenant");
  }
  const std::string what = partition ? *topic + "[" + std::to_string(*options.partition) + "]"
                                     : "tenant " + *options.tenant;
  const auto body = partition ? json{{"topic", *topic}, {"partition", *options.partition}}
                              : json{{"tenant", *options.tenant}};
  return tell(context, options.addr, on ? "/control/pause" : "/control/resume", body,
              (on ? "paused " : "resumed ") + what,
              what + (on ? " was paused already" : " was not paused"));
}

void add_addr(CLI::App& app, std::optional<std::string>& addr) {
  app.add_option("--addr", addr, "Instead of admin.addr")->type_name("HOST:PORT");
}

void add_pause(command_tree& tree, CLI::App& process, const char* name, const char* help, bool on) {
  const auto options = std::make_shared<pause_options>();
  command what;
  what.run = [options, on](const command_context& context) {
    return run_pause(context, *options, on);
  };
  auto& app = tree.add(process, name, help, what);
  app.add_option("--partition", options->partition, "Partition of --topic")
      ->type_name("P")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--tenant", options->tenant, "All records of this tenant")->type_name("ID");
  add_addr(app, options->addr);
}

} // namespace

void add_process_control(command_tree& tree, CLI::App& process) {
  add_pause(tree, process, "pause", "Pause a partition or a tenant of a running worker", true);
  add_pause(tree, process, "resume", "Let a paused partition or tenant go on", false);
  struct level_options {
    std::string level;
    std::optional<std::string> addr;
  };
  const auto options = std::make_shared<level_options>();
  command what;
  what.run = [options](const command_context& context) {
    const auto line = "the worker logs at " + options->level;
    return tell(context, options->addr, "/control/log-level", {{"level", options->level}}, line,
                line);
  };
  auto& app = tree.add(process, "log-level", "Change what a running worker logs", what);
  app.add_option("level", options->level, "trace, debug, info, warn or error")
      ->type_name("LEVEL")
      ->required();
  add_addr(app, options->addr);
}

} // namespace streamer::tools
