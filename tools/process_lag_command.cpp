#include <cstdio>
#include <memory>

#include "runtime/kafka/lag.hpp"
#include "tools/command_tree.hpp"
#include "tools/offsets/lag_view.hpp"
#include "tools/stop_signal.hpp"

namespace streamer::tools {
namespace {

constexpr std::chrono::milliseconds lag_refresh{2'000};

struct lag_options {
  bool json = false;
  bool watch = false;
};

lag_request request_of(const command_context& context) {
  const auto& config = context.values();
  lag_request request;
  request.group_id = config.consumer.group_id;
  // A topic named on the command line is what is asked for, and nothing beside it. Another group
  // than the configured one need not have anything to do with the configured topics.
  request.and_committed = !context.globals.topic.has_value();
  if (context.globals.topic || !context.globals.group_id) request.topics = config.consumer.topics;
  request.start = config.consumer.auto_offset_reset == offset_reset_kind::earliest
                      ? lag_start::earliest
                      : lag_start::latest;
  return request;
}

void show(const lag_request& request, const std::vector<partition_lag>& lags,
          const lag_options& options, const terminal& out) {
  if (options.json) {
    std::puts(lag_json(request.group_id, lags).c_str());
  } else if (lags.empty()) {
    std::printf("group %s has committed nothing, and %s\n", request.group_id.c_str(),
                request.topics.empty()
                    ? "no topic is named: use --topic"
                    : "no topic of consumer.topics exists: use streamer topics create");
  } else {
    if (options.watch && out.is_terminal) std::fputs("\x1b[H\x1b[J", stdout);
    std::fputs(lag_table(lags, out.width).c_str(), stdout);
  }
  std::fflush(stdout);
}

int run(const command_context& context, const lag_options& options) {
  auto reader = lag_reader::open(context.values(), context.quiet_log);
  if (!reader) return fail(exit_usage, reader.error());
  const auto request = request_of(context);
  const stop_signal stop;
  do {
    const auto lags = reader.value()->read(request);
    if (lags) {
      show(request, lags.value(), options, context.out);
    } else if (!options.watch) {
      return fail(exit_failed, lags.error());
    } else {
      report_error(lags.error()); // a watcher outlives a broker's restart
    }
  } while (options.watch && !stop.wait_for(lag_refresh));
  return exit_done;
}

} // namespace

void add_process_lag(command_tree& tree, CLI::App& process) {
  const auto options = std::make_shared<lag_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(process, "lag", "How far a group is behind, asked of the brokers", what);
  app.add_flag("--json", options->json, "One JSON object, a line each with --watch");
  app.add_flag("--watch", options->watch, "Again every 2 s, until Ctrl-C");
}

} // namespace streamer::tools
