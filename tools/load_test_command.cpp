#include <memory>

#include "tools/load_run.hpp"

namespace streamer::tools {
namespace {

int run_load_test(const command_context& context, const load_options& options) {
  if (const auto problem = problem_of(options)) return fail(exit_usage, *problem);
  if (const auto problem = problem_of_report(options)) return fail(exit_failed, *problem);
  const stop_signal stop;
  auto session = event_session::open(context);
  if (!session) return fail(exit_failed, session.error());
  const auto book = std::make_shared<load_book>(options.keys);
  return finish_load_test(send_load(*session.value(), stop, options, book));
}

} // namespace

void add_load_test(command_tree& tree, CLI::App& ingest) {
  const auto options = std::make_shared<load_options>();
  command what;
  what.takes_embedded = true;
  what.run = [options](const command_context& context) { return run_load_test(context, *options); };
  add_load_flags(tree.add(ingest, "load-test", "Load at a rate, with a report", what), *options);
}

} // namespace streamer::tools
