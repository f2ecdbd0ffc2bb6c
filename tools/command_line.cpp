#include "tools/command_line.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <variant>

#include "config/text.hpp"
#include "runtime/system/core_dumps.hpp"
#include "runtime/system/log_level_of.hpp"
#include "tools/command_tree.hpp"
#include "tools/usage/role_spelling.hpp"
#include "tools/versions.hpp"

namespace streamer::tools {
namespace {

void add_all(command_tree& tree) {
  add_demo(tree);
  auto& process = tree.group("process", "Run a worker, and look after consumer groups");
  add_process_start(tree, process);
  add_process_lag(tree, process);
  add_process_explain(tree, process);
  add_process_seek(tree, process);
  add_process_metrics(tree, process);
  add_process_control(tree, process);
  auto& ingest = tree.group("ingest", "Produce events");
  add_ingest_domains(tree, ingest);
  add_ingest_custom(tree, ingest);
  add_load_test(tree, ingest);
  add_role_producer(tree);
  add_role_all(tree);
  auto& topics = tree.group("topics", "Topics that the configuration names");
  add_topics_create(tree, topics);
  add_topics_ls(tree, topics);
  auto& dlq = tree.group("dlq", "Dead letters");
  add_dlq_ls(tree, dlq);
  add_dlq_purge(tree, dlq);
  add_dlq_redrive(tree, dlq);
  add_dlq_show(tree, dlq);
  auto& config = tree.group("config", "The configuration in effect");
  add_config_show(tree, config);
  add_config_check(tree, config);
  add_doctor(tree);
  add_health(tree);
  add_inspect(tree);
}

/// The command that the arguments arrived at: the root, a group, or a command proper.
CLI::App& deepest(CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.back());
}

std::string path_of(const CLI::App& app) {
  const auto* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

/// What may be given behind `app`: not what is hidden.
std::vector<std::string> names_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) names.push_back(below->get_name());
  }
  return names;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames())
      names.push_back("--" + name);
  }
  if (const auto* parent = app.get_parent()) {
    const auto inherited = flags_of(*parent);
    names.insert(names.end(), inherited.begin(), inherited.end());
  }
  return names;
}

std::string unknown_line(const CLI::App& app, const std::string& word) {
  const bool flag = word.starts_with('-');
  const auto below = names_below(app);
  const auto candidates = flag ? flags_of(app) : below;
  const auto near = config_impl::nearest(word.substr(0, word.find('=')), candidates);
  std::string line = flag            ? "unknown flag '"
                     : below.empty() ? "unexpected argument '"
                                     : "unknown command '";
  line += word + "' of '" + path_of(app) + "'";
  if (near) return line + "; did you mean '" + *near + "'?";
  if (flag || below.empty()) return line + "; see " + path_of(app) + " --help";
  return line + "; there are: " + config_impl::joined(below, ", ");
}

sources sources_of(const command& what, const global_options& globals) {
  auto from = what.own_config ? sources{} : standard_sources();
  from.handler_kinds.emplace(); // this binary has the built-in kinds alone
  if (globals.config_file) from.config_file = *globals.config_file;
  const auto set = [&](const char* key, const std::optional<std::string>& value, const char* flag) {
    if (value) from.flags.push_back({key, value, flag});
  };
  set("kafka.bootstrap_servers", globals.bootstrap_servers, "--bootstrap-servers");
  set("consumer.topics", globals.topic, "--topic");
  set("producer.events_topic", globals.topic, "--topic");
  set("consumer.group_id", globals.group_id, "--group-id");
  set("observability.log_level", globals.log_level, "--log-level");
  if (globals.json_logs) set("observability.json_logs", "true", "--json-logs");
  for (const auto& setting : globals.settings)
    from.flags.push_back(set_flag(setting));
  return from;
}

int run_loaded(const command& what, const global_options& globals) {
  const auto from = sources_of(what, globals);
  const auto loaded = load(from);
  if (!loaded && what.needs_config) {
    for (const auto& problem : loaded.problems)
      report_error(to_string(problem));
    return exit_usage;
  }
  log_options options;
  if (loaded) {
    permit_core_dumps(loaded.loaded->values.runtime.core_dumps);
    const auto& shown = loaded.loaded->values.observability;
    options = {level_of(shown.log_level), shown.json_logs};
  }
  logger logs{options};
  for (const auto& warning : loaded.warnings) {
    logs.with("config").warn("config_warning", to_string(warning));
  }
  const command_context context{loaded,
                                globals,
                                terminal_of(stdout),
                                globals.log_level ? logs.with("streamer") : log_handle{},
                                logs.with("streamer"),
                                [from] { return load(from); },
                                [&logs](log_level level) { logs.set_level(level); }};
  return what.run(context);
}

/// A flag that names a cluster or a configuration other than the command's own.
const char* foreign_flag(const global_options& globals) {
  if (globals.bootstrap_servers) return "--bootstrap-servers";
  if (globals.config_file) return "--config";
  return globals.settings.empty() ? nullptr : "--set";
}

int run_parsed(command_tree& tree) {
  if (tree.version_asked()) {
    std::puts(version_line().c_str());
    return exit_done;
  }
  auto& app = deepest(tree.root());
  const auto* what = tree.find(app);
  const auto extras = tree.root().remaining(true);
  if (!extras.empty()) return fail(exit_usage, unknown_line(app, extras.front()));
  if (what == nullptr) {
    return fail(exit_usage, "no command given; " + path_of(app) +
                                " has: " + config_impl::joined(names_below(app), ", ") + "; see " +
                                path_of(app) + " --help");
  }
  if (tree.globals().embedded && !what->takes_embedded) {
    return fail(exit_usage, "--embedded makes no sense for '" +
                                path_of(app).substr(path_of(tree.root()).size() + 1) +
                                "': an in-process cluster lives in its own process alone");
  }
  if (const auto* flag = foreign_flag(tree.globals()); flag != nullptr && what->own_config) {
    return fail(exit_usage, std::string{flag} + " makes no sense for '" +
                                path_of(app).substr(path_of(tree.root()).size() + 1) +
                                "', which brings its own broker and configuration; for yours use: "
                                "streamer --role consumer");
  }
  return run_loaded(*what, tree.globals());
}

/// CLI11's words, in one line of ours.
std::string usage_line(const CLI::ParseError& error, CLI::App& root) {
  std::string text = error.what();
  if (const auto end = text.find('\n'); end != text.npos) text.resize(end);
  constexpr std::string_view conversion = "Could not convert: ";
  if (text.starts_with(conversion)) {
    text.erase(0, conversion.size());
    // "--flag = value"
    if (const auto at = text.find(" = "); at != text.npos) {
      text = text.substr(0, at) + " '" + text.substr(at + 3) + "'";
    }
    text += " is not a number that fits there";
  }
  return text + "; see " + path_of(deepest(root)) + " --help";
}

/// What was printed has to have arrived: half a table on a full disk is no result.
int with_output_written(int code) {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int why = errno;
  if (flushed && std::ferror(stdout) == 0) return code;
  // A failure in the middle has been forgotten with what could not be written.
  const auto told = fail(exit_failed, "not all of the output could be written to stdout" +
                                          (why == 0 ? std::string{"; is there room for it?"}
                                                    : std::string{": "} + std::strerror(why)));
  return code == exit_done ? told : code;
}

int run_arguments(const std::vector<std::string>& arguments) {
  auto spelled = spell_as_command(arguments);
  if (const auto* problem = std::get_if<std::string>(&spelled)) return fail(exit_usage, *problem);
  auto words = std::get<std::vector<std::string>>(std::move(spelled));
  command_tree tree;
  add_all(tree);
  try {
    std::ranges::reverse(words); // CLI11 takes them from the back
    tree.root().parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    std::fputs(tree.root().help().c_str(), stdout);
    return exit_done;
  } catch (const CLI::ParseError& error) {
    const auto extras = tree.root().remaining(true);
    auto& app = deepest(tree.root());
    if (!extras.empty()) return fail(exit_usage, unknown_line(app, extras.front()));
    return fail(exit_usage, usage_line(error, tree.root()));
  }
  return run_parsed(tree);
}

} // namespace

int run_command_line(const std::vector<std::string>& arguments) try {
  return with_output_written(run_arguments(arguments));
} catch (const std::exception& error) {
  return fail(exit_failed, error.what());
}

} // namespace streamer::tools
