#include "tools/command_tree.hpp"

#include <memory>
#include <utility>

namespace streamer::tools {
namespace {

constexpr std::size_t help_column = 30;

constexpr const char* program_about =
    "An actor-model stream processor for Apache Kafka.\n"
    "\n"
    "  --role consumer               a worker: the same as process start\n"
    "  --role producer               JSON lines from stdin to Kafka\n"
    "  --role producer --load-test   the same as ingest load-test\n"
    "  --role all --load-test        load and worker in one process, verified\n";

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 fatal Kafka\n"
    "error, 4 events lost, duplicated or reordered, 5 stopped with records\n"
    "unfinished.";

} // namespace

command_tree::command_tree() : root_{program_about, "streamer"} {
  root_.get_formatter()->column_width(help_column);
  root_.footer(exit_codes);
  root_.fallthrough();
  root_.allow_extras();
  root_.set_help_flag("--help", "Show this");
  root_.add_flag("--version", version_, "Show versions");
  root_.add_option("--config", globals_.config_file, "Configuration file")->type_name("FILE");
  root_.add_option("--set", globals_.settings, "section.key=value, repeatable")
      ->type_name("KEY")
      ->expected(1)
      ->take_all();
  root_.add_option("--bootstrap-servers", globals_.bootstrap_servers, "Brokers")
      ->type_name("HOSTS");
  root_.add_option("--topic", globals_.topic, "Topic read and written")->type_name("TOPIC");
  root_.add_option("--group-id", globals_.group_id, "Consumer group")->type_name("GROUP");
  root_.add_option("--log-level", globals_.log_level, "trace, debug, info, warn, error")
      ->type_name("LEVEL");
  root_.add_flag("--json-logs", globals_.json_logs, "Logs as JSON lines");
  root_.add_flag("--embedded", globals_.embedded, "Use an in-process mock cluster");
}

CLI::App& command_tree::group(const std::string& name, const std::string& description) {
  return *root_.add_subcommand(name, description);
}

CLI::App& command_tree::add(CLI::App& parent, const std::string& name,
                            const std::string& description, command what) {
  auto* app = parent.add_subcommand(name, description);
  app->footer("Flags of all commands: streamer --help");
  commands_.emplace(app, std::move(what));
  return *app;
}

const command* command_tree::find(const CLI::App& app) const {
  const auto found = commands_.find(&app);
  return found == commands_.end() ? nullptr : &found->second;
}

} // namespace streamer::tools
