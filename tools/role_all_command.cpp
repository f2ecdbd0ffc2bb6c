// `--role all --load-test`: the producer and a worker in one process, and a verdict.
#include <algorithm>
#include <memory>

#include "runtime/system/worker.hpp"
#include "tools/load_run.hpp"
#include "tools/usage/role_spelling.hpp"
#include "tools/worker_ready.hpp"

namespace streamer::tools {
namespace {

using clock = std::chrono::steady_clock;

constexpr const char* ledger_kind = "load_test_ledger";
// No record for this long, while some are missing, means that they will not come.
constexpr std::chrono::seconds arrival_time{15};
// A duplicate comes after the record proper: wait for it, or it would never be seen.
constexpr std::chrono::milliseconds duplicate_time{1'000};
constexpr std::chrono::milliseconds arrival_poll{50};
constexpr std::chrono::seconds leave_grace{10};

/// The configuration of the worker in this process: every record goes to the ledger.
settings worker_settings(const settings& config) {
  auto made = config;
  handler_settings ledger;
  ledger.kind = ledger_kind;
  ledger.retry = config.retry;
  made.handlers = {ledger};
  return made;
}

bool reads_events_topic(const settings& config) {
  return std::ranges::any_of(config.consumer.topics, [&](const std::string& topic) {
    return topic.starts_with('^') || topic == config.producer.events_topic;
  });
}

/// Returns when everything acknowledged has arrived, or nothing comes any more.
void wait_for_arrivals(const load_book& book, const stop_signal& stop) {
  auto seen = book.arrivals();
  auto moved = clock::now();
  while (book.outstanding() > 0 && clock::now() - moved < arrival_time &&
         !stop.wait_for(arrival_poll)) {
    if (const auto now = book.arrivals(); now != seen) {
      seen = now;
      moved = clock::now();
    }
  }
  stop.wait_for(duplicate_time);
}

int run_all(const command_context& context, const load_options& options) {
  if (const auto problem = problem_of(options)) return fail(exit_usage, *problem);
  if (!reads_events_topic(context.values())) {
    return fail(exit_usage, "consumer.topics does not have producer.events_topic '" +
                                context.values().producer.events_topic +
                                "': nothing would arrive; use --topic for both");
  }
  if (const auto problem = problem_of_report(options)) return fail(exit_failed, *problem);
  const stop_signal stop;
  auto session = event_session::open(context);
  if (!session) return fail(exit_failed, session.error());
  const auto book = std::make_shared<load_book>(options.keys);
  handler_registry registry;
  registry.add_quick(ledger_kind, [book](const record_view& record, emitter&) {
    book->arrived(record.ref());
    return outcome::success();
  });
  start_failure failure;
  const auto running =
      worker::start(worker_settings(session.value()->config()), registry, context.quiet_log,
                    failure, {.embedded = context.globals.embedded});
  if (!running) {
    report_error(failure.what);
    return failure.exit_code;
  }
  if (const auto problem = wait_until_ready(*running, stop)) return fail(exit_failed, *problem);

  auto report = send_load(*session.value(), stop, options, book);
  wait_for_arrivals(*book, stop);
  running->request_stop();
  const auto ended =
      running->wait_for(session.value()->config().consumer.drain_timeout + leave_grace);
  report.judged = book->judge();
  report.end_to_end = book->end_to_end();
  report.over_time = book->over_time();
  const int code = finish_load_test(std::move(report));
  if (code != exit_done) return code;
  if (!ended) return fail(exit_failed, "the worker did not stop in time");
  if (!ended->what.empty()) report_error(ended->what);
  return ended->exit_code;
}

} // namespace

void add_role_all(command_tree& tree) {
  const auto options = std::make_shared<load_options>();
  command what;
  what.takes_embedded = true;
  what.run = [options](const command_context& context) { return run_all(context, *options); };
  auto& app = tree.add(tree.root(), all_load_test_command, "Load and worker in one process", what);
  app.group("");
  add_load_flags(app, *options);
}

} // namespace streamer::tools
