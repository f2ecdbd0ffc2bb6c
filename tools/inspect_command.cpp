#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "config/text.hpp"
#include "runtime/inspection/inspection_client.hpp"
#include "tools/command_tree.hpp"
#include "tools/inspect/tree_view.hpp"
#include "tools/stop_signal.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

constexpr std::chrono::milliseconds answer_patience{5'000};
constexpr std::chrono::milliseconds watch_refresh{1'000};

struct inspect_options {
  std::optional<std::string> addr;
  bool json = false;
  std::string actor;
};

struct failure {
  exit_code code = exit_failed;
  std::string what;
};

using connection = std::variant<std::unique_ptr<inspection_client>, failure>;

connection connect(const command_context& context, const inspect_options& options) {
  const auto& configured = context.values().inspect.addr;
  const auto where = parse_endpoint(options.addr.value_or(configured));
  if (!where) return failure{exit_usage, "--inspect-addr '" + *options.addr + "' is not host:port"};
  if (where->port == 0) {
    return failure{exit_usage, "inspect.addr '" + options.addr.value_or(configured) +
                                   "' has port 0, which the worker chose when it started: its log "
                                   "and /status name it; give it with --inspect-addr"};
  }
  auto opened = inspection_client::connect(context.values(), reachable(*where));
  if (auto* problem = std::get_if<inspecting_failure>(&opened)) {
    return failure{problem->configuration ? exit_usage : exit_failed, std::move(problem->what)};
  }
  return std::get<std::unique_ptr<inspection_client>>(std::move(opened));
}

/// One answer, or how the command fails.
std::variant<tree_snapshot, failure> ask(const command_context& context,
                                         const inspect_options& options) {
  auto opened = connect(context, options);
  if (auto* problem = std::get_if<failure>(&opened)) return std::move(*problem);
  auto answer = std::get<std::unique_ptr<inspection_client>>(opened)->snapshot(answer_patience);
  if (auto* problem = std::get_if<std::string>(&answer))
    return failure{exit_failed, std::move(*problem)};
  return std::get<tree_snapshot>(std::move(answer));
}

int run_tree(const command_context& context, const inspect_options& options) {
  const auto asked = ask(context, options);
  if (const auto* problem = std::get_if<failure>(&asked)) return fail(problem->code, problem->what);
  const auto& tree = std::get<tree_snapshot>(asked);
  if (options.json) {
    std::puts(tree_json(tree).c_str());
  } else {
    std::fputs(tree_text(tree, context.out.width).c_str(), stdout);
  }
  return exit_done;
}

int run_actor(const command_context& context, const inspect_options& options) {
  const auto asked = ask(context, options);
  if (const auto* problem = std::get_if<failure>(&asked)) return fail(problem->code, problem->what);
  const auto& tree = std::get<tree_snapshot>(asked);
  const auto* actor = find_actor(tree, options.actor);
  if (actor == nullptr) {
    const auto near = names_like(tree, options.actor);
    return fail(exit_failed, "no actor '" + options.actor + "'" +
                                 (near.empty() ? "; streamer inspect tree names them all"
                                               : "; near it: " + config_impl::joined(near, ", ")));
  }
  if (options.json) {
    std::puts(actor_json(*actor).c_str());
  } else {
    std::fputs(actor_text(tree, *actor, context.out.width).c_str(), stdout);
  }
  return exit_done;
}

/// Lines that the terminal has, at least 6; 24 if it does not say.
std::size_t rows_of_screen() {
  winsize size{};
  const bool told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return std::max<std::size_t>(told ? size.ws_row : 24, 6);
}

/// Shows trees one after the other: over each other on a terminal, below each other elsewhere.
class watcher {
 public:
  explicit watcher(bool json) : json_{json} {}

  void show(tree_snapshot tree) {
    const auto now = std::chrono::steady_clock::now();
    if (json_) {
      std::puts(tree_json(tree).c_str());
    } else {
      // Looked at anew each time: windows change their size.
      const auto out = terminal_of(stdout);
      const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - shown_at_);
      const auto most = out.is_terminal ? rows_of_screen() - 3 : tree.actors.size();
      const auto table = busiest_text(tree, before_, since, out.width, most);
      std::string page = out.is_terminal ? "\x1b[H\x1b[J" : first_ ? "" : "\n";
      page += painted(out, colour::bold, shortened(worker_line(tree), out.width)) + "\n" + table;
      std::fputs(page.c_str(), stdout);
    }
    std::fflush(stdout);
    before_ = std::move(tree);
    shown_at_ = now;
    first_ = false;
  }

 private:
  bool json_;
  bool first_ = true;
  tree_snapshot before_;
  std::chrono::steady_clock::time_point shown_at_ = std::chrono::steady_clock::now();
};

int run_watch(const command_context& context, const inspect_options& options) {
  auto opened = connect(context, options);
  if (const auto* problem = std::get_if<failure>(&opened))
    return fail(problem->code, problem->what);
  auto client = std::get<std::unique_ptr<inspection_client>>(std::move(opened));
  watcher screen{options.json};
  const stop_signal stop;
  do {
    if (client == nullptr) { // a watcher outlives the worker's restart
      auto again = connect(context, options);
      if (const auto* problem = std::get_if<failure>(&again)) {
        report_error(problem->what);
        continue;
      }
      client = std::get<std::unique_ptr<inspection_client>>(std::move(again));
    }
    auto answer = client->snapshot(answer_patience);
    if (auto* problem = std::get_if<std::string>(&answer)) {
      report_error(*problem);
      client.reset();
      continue;
    }
    screen.show(std::get<tree_snapshot>(std::move(answer)));
  } while (!stop.wait_for(watch_refresh));
  return exit_done;
}

} // namespace

void add_inspect(command_tree& tree) {
  const auto options = std::make_shared<inspect_options>();
  const auto running = [options](int (*run)(const command_context&, const inspect_options&)) {
    command what;
    what.run = [options, run](const command_context& context) { return run(context, *options); };
    return what;
  };
  auto& app = tree.add(tree.root(), "inspect", "A running worker's actors, over mutual TLS",
                       running(run_tree));
  app.add_option("--inspect-addr", options->addr, "Instead of inspect.addr")
      ->type_name("HOST:PORT");
  app.add_flag("--json", options->json, "One JSON object, a line each with watch");
  tree.add(app, "tree", "All of them, each below its supervisor (default)", running(run_tree));
  auto& actor = tree.add(app, "actor", "All that is known of one", running(run_actor));
  actor.add_option("name", options->actor, "Its name in the tree")->type_name("NAME")->required();
  tree.add(app, "watch", "The busiest, again every second, until Ctrl-C", running(run_watch));
}

} // namespace streamer::tools
