#include <algorithm>
#include <cstdio>
#include <memory>

#include "tools/command_tree.hpp"
#include "tools/redrive_run.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

/// The options, and what of them is still text.
struct redrive_flags {
  redrive_options options;
  std::string if_newer = "send";
};

std::string letters(std::uint64_t count) {
  return grouped(static_cast<std::int64_t>(count)) +
         (count == 1 ? " dead letter" : " dead letters");
}

/// A line if the flags do not make sense.
std::optional<std::string> settle(redrive_flags& flags) {
  auto& options = flags.options;
  if (auto problem = settle_choice(options.choice)) return problem;
  if (flags.if_newer == "skip") {
    options.if_newer = if_newer_kind::skip;
  } else if (flags.if_newer == "fail") {
    options.if_newer = if_newer_kind::fail;
  } else if (flags.if_newer != "send") {
    return "--if-newer '" + flags.if_newer + "' is none of send, skip, fail";
  }
  if (!(options.rate >= 0)) {
    return "--rate " + std::to_string(options.rate) + " is no rate; use a number of dead letters " +
           "a second, 0 for no limit";
  }
  if (options.transform_timeout_ms <= 0) {
    return "--transform-timeout-ms " + std::to_string(options.transform_timeout_ms) +
           " is no time; use at least 1";
  }
  return std::nullopt;
}

void report_left(const redrive_totals& totals) {
  if (totals.newer > 0) {
    std::printf("skipped   %s whose keys have newer records in the source\n",
                letters(totals.newer).c_str());
  }
  for (const auto& [why, left] : totals.left) {
    std::printf("left      %s %s; the first is %s\n", letters(left.count).c_str(),
                std::string{to_string(why)}.c_str(), left.first.c_str());
  }
  if (totals.more) std::puts("there are more: run this again");
}

/// What could not be done although it was asked for. Other groups' letters are not: they redrive
/// them.
int code_for(const redrive_totals& totals) {
  std::uint64_t refused = 0;
  for (const auto& [why, left] : totals.left)
    refused += why == left_because::other_group ? 0 : left.count;
  if (refused == 0) return exit_done;
  const auto worst = std::ranges::find_if(
      totals.left, [](const auto& entry) { return entry.first != left_because::other_group; });
  return fail(exit_failed, letters(refused) + " not redriven, such as " + worst->second.first +
                               ": " + std::string{to_string(worst->first)});
}

int run(const command_context& context, redrive_flags flags) {
  if (const auto problem = settle(flags)) return fail(exit_usage, *problem);
  const auto options = flags.options;
  redrive_run redrive{context, options};
  if (const auto problem = redrive.plan()) return fail(exit_failed, *problem);
  const auto& totals = redrive.totals();
  const auto targets = redrive.targets();
  if (targets.empty()) std::puts("nothing to redrive");
  for (const auto& [names, count] : targets) {
    std::printf("%s %s of %s to %s\n", options.dry_run ? "would send" : "sending  ",
                letters(count).c_str(), names.first.c_str(), names.second.c_str());
  }
  if (options.dry_run || targets.empty()) {
    report_left(totals);
    return code_for(totals);
  }
  std::fflush(stdout);
  const auto problem = redrive.send();
  std::printf("redriven  %s\n", letters(totals.sent).c_str());
  report_left(totals);
  if (problem) {
    return fail(exit_failed, *problem + "; " + letters(totals.sent) +
                                 " redriven, the next run goes on behind them");
  }
  return code_for(totals);
}

} // namespace

void add_dlq_redrive(command_tree& tree, CLI::App& dlq) {
  const auto flags = std::make_shared<redrive_flags>();
  command what;
  what.run = [flags](const command_context& context) { return run(context, *flags); };
  auto& app = tree.add(dlq, "redrive", "Process dead letters again", what);
  auto& options = flags->options;
  add_choice_flags(app, options.choice);
  app.add_flag("--dry-run", options.dry_run, "Say what would be sent");
  app.add_flag("--to-source", options.to_source, "To the source topic, for every group on it");
  app.add_option("--rate", options.rate, "Dead letters a second; 0: no limit")->type_name("N");
  app.add_option("--transform", options.transform, "JSON lines through this command")
      ->type_name("CMD");
  app.add_option("--transform-timeout-ms", options.transform_timeout_ms, "Of one answer")
      ->type_name("MS");
  app.add_option("--if-newer", flags->if_newer, "The key has a newer record: send, skip, fail")
      ->type_name("WHAT");
  app.add_option("--max-redrives", options.max_redrives, "Leave what was redriven so often (5)")
      ->type_name("N");
}

} // namespace streamer::tools
