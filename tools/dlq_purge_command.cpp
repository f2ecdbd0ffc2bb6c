#include <cstdio>
#include <memory>

#include "tools/command_tree.hpp"
#include "tools/dlq_topics.hpp"
#include "tools/redrive/redriven_record.hpp"
#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

struct purge_options {
  letter_choice choice;
  bool dry_run = false;
};

/// What came of it, over all partitions.
struct purge_totals {
  std::uint64_t resolved = 0;
  std::uint64_t of_others = 0; ///< of other groups: theirs to purge
  std::uint64_t deleted = 0;   ///< offsets
};

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped(static_cast<std::int64_t>(count)) + " " + (count == 1 ? one : many);
}

/// What purging works with.
struct purge_tools {
  admin_client& admin;
  topic_reader& reader;
  resolved_store& store;
  const stop_signal& stop;
  const std::string& group;
};

std::optional<std::string> purge_part(const purge_tools& with, dlq_part& part,
                                      const purge_options& options, offset_id log_start,
                                      purge_totals& totals) {
  std::uint64_t resolved = 0;
  auto problem = scan_part(with.reader, part, options.choice, with.stop,
                           [&](const record_ref&, const dead_letter& letter) {
                             if (is_of_other_group(letter, with.group)) {
                               ++totals.of_others;
                             } else if (!part.resolved.contains(letter.offset)) {
                               part.resolved.add(letter.offset);
                               ++resolved;
                             }
                             return read_next::go_on;
                           });
  // Half a partition is not purged: the next run begins anew.
  if (problem || with.stop.requested()) return problem;
  totals.resolved += resolved;
  const auto base = part.resolved.base();
  if (base > log_start)
    totals.deleted += static_cast<std::uint64_t>(base.value() - log_start.value());
  if (options.dry_run) return std::nullopt;
  if (resolved > 0) {
    if (auto unsaved = with.store.save(part.range.tp, part.resolved)) return unsaved;
  }
  if (base <= log_start) return std::nullopt;
  const auto deleted = with.admin.delete_records({{part.range.tp, base}});
  return deleted ? std::nullopt : std::optional{deleted.error()};
}

std::optional<std::string> purge_topic(const purge_tools& with, const std::string& topic,
                                       const purge_options& options, purge_totals& totals) {
  auto ranges = whole_topic(with.admin, topic);
  if (!ranges) return ranges.error();
  for (const auto& range : ranges.value()) {
    dlq_part part{range, with.store.of(range.tp)};
    part.resolved.add(offset_id{0}, offset_id{range.from.value() - 1});
    part.range.from = std::min(part.resolved.base(), range.to);
    if (auto problem = purge_part(with, part, options, range.from, totals)) return problem;
    if (with.stop.requested()) break;
  }
  return std::nullopt;
}

int run(const command_context& context, purge_options options) {
  if (const auto problem = settle_choice(options.choice)) return fail(exit_usage, *problem);
  const auto& config = context.values();
  auto admin = admin_client::open(config, context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  auto reader = topic_reader::open(config, context.quiet_log);
  if (!reader) return fail(exit_usage, reader.error());
  const auto topics = existing_dlq_topics(*admin.value(), config);
  if (!topics) return fail(exit_failed, topics.error());
  resolved_store store{config, *admin.value(), context.quiet_log};
  if (const auto problem = store.load(topics.value())) return fail(exit_failed, *problem);
  if (!store.without_overflow().empty()) {
    return fail(exit_failed, store.without_overflow() + "; without it nothing can be purged");
  }
  const stop_signal stop;
  const purge_tools with{*admin.value(), *reader.value(), store, stop, config.consumer.group_id};
  purge_totals totals;
  std::optional<std::string> problem;
  for (const auto& topic : topics.value()) {
    problem = purge_topic(with, topic, options, totals);
    if (problem || stop.requested()) break;
  }
  const char* would = options.dry_run ? "would be " : "";
  std::printf("%s %sresolved; %s %sdeleted\n",
              counted(totals.resolved, "dead letter", "dead letters").c_str(), would,
              counted(totals.deleted, "offset", "offsets").c_str(), would);
  if (totals.of_others > 0) {
    std::printf("%s of other groups left, and with them what lies behind\n",
                counted(totals.of_others, "dead letter", "dead letters").c_str());
  }
  if (problem) return fail(exit_failed, *problem);
  return stop.requested() ? fail(exit_failed, "stopped; run this again for the rest") : exit_done;
}

} // namespace

void add_dlq_purge(command_tree& tree, CLI::App& dlq) {
  const auto options = std::make_shared<purge_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(dlq, "purge", "Drop dead letters", what);
  add_choice_flags(app, options->choice);
  app.add_flag("--dry-run", options->dry_run, "Say what would be dropped");
}

} // namespace streamer::tools
