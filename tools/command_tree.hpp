// All commands and their flags.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "tools/command.hpp"

namespace streamer::tools {

/// The parser with every command in it. Commands add themselves; each is in a file of its own.
class command_tree {
 public:
  command_tree();
  command_tree(const command_tree&) = delete;
  command_tree& operator=(const command_tree&) = delete;

  [[nodiscard]] CLI::App& root() { return root_; }
  [[nodiscard]] const global_options& globals() const { return globals_; }
  [[nodiscard]] bool version_asked() const { return version_; }

  /// A command that only has commands below it: `process`.
  CLI::App& group(const std::string& name, const std::string& description);
  /// A command below `parent`, which is the root or a group.
  CLI::App& add(CLI::App& parent, const std::string& name, const std::string& description,
                command what);

  /// What `app` runs; null for a group.
  [[nodiscard]] const command* find(const CLI::App& app) const;

 private:
  CLI::App root_;
  global_options globals_;
  bool version_ = false;
  std::map<const CLI::App*, command> commands_;
};

// One file each.
void add_config_check(command_tree& tree, CLI::App& config);
void add_config_show(command_tree& tree, CLI::App& config);
void add_demo(command_tree& tree);
void add_dlq_ls(command_tree& tree, CLI::App& dlq);
void add_dlq_purge(command_tree& tree, CLI::App& dlq);
void add_dlq_redrive(command_tree& tree, CLI::App& dlq);
void add_dlq_show(command_tree& tree, CLI::App& dlq);
void add_doctor(command_tree& tree);
void add_health(command_tree& tree);
void add_ingest_custom(command_tree& tree, CLI::App& ingest);
void add_ingest_domains(command_tree& tree, CLI::App& ingest);
void add_inspect(command_tree& tree);
void add_load_test(command_tree& tree, CLI::App& ingest);
void add_process_control(command_tree& tree, CLI::App& process);
void add_process_explain(command_tree& tree, CLI::App& process);
void add_process_lag(command_tree& tree, CLI::App& process);
void add_process_metrics(command_tree& tree, CLI::App& process);
void add_process_seek(command_tree& tree, CLI::App& process);
void add_process_start(command_tree& tree, CLI::App& process);
void add_role_all(command_tree& tree);
void add_role_producer(command_tree& tree);
void add_topics_create(command_tree& tree, CLI::App& topics);
void add_topics_ls(command_tree& tree, CLI::App& topics);

} // namespace streamer::tools
