#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "runtime/checks/seek_plan.hpp"
#include "runtime/kafka/admin.hpp"
#include "tools/command_tree.hpp"
#include "tools/offsets/seek_refusal.hpp"
#include "tools/text/numbers.hpp"
#include "tools/text/rfc3339.hpp"
#include "tools/worker_address.hpp"

namespace streamer::tools {
namespace {

using json = nlohmann::ordered_json;

struct seek_options {
  std::optional<std::int32_t> partition;
  std::optional<std::string> offset;
  std::optional<std::string> timestamp;
  bool earliest = false;
  bool latest = false;
  bool dry_run = false;
  bool live = false;
  std::optional<std::string> addr;
};

std::variant<seek_target, std::string> target_of(const seek_options& options) {
  const auto given = static_cast<int>(options.offset.has_value()) +
                     static_cast<int>(options.timestamp.has_value()) +
                     static_cast<int>(options.earliest) + static_cast<int>(options.latest);
  if (given != 1) {
    return "seek needs exactly one of --offset, --timestamp, --earliest and --latest";
  }
  if (options.earliest) return seek_target{seek_target::kind::earliest, 0};
  if (options.latest) return seek_target{seek_target::kind::latest, 0};
  if (options.offset) {
    const auto offset = parse_number(*options.offset);
    if (!offset) return "--offset '" + *options.offset + "' is no offset; use a number from 0";
    return seek_target{seek_target::kind::offset, *offset};
  }
  const auto ms = parse_rfc3339(*options.timestamp);
  if (!ms) {
    return "--timestamp '" + *options.timestamp +
           "' is not RFC 3339; write it like 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00";
  }
  return seek_target{seek_target::kind::timestamp, *ms};
}

std::optional<offset_id> listed(const result<std::map<topic_partition, listed_offset>>& answer,
                                const topic_partition& tp) {
  if (!answer) return std::nullopt;
  const auto found = answer.value().find(tp);
  return found == answer.value().end() ? std::nullopt : found->second.offset;
}

/// What the brokers say of the partition, or a line.
result<seek_facts> ask(admin_client& admin, const topic_partition& tp, const seek_target& target) {
  using answer = result<seek_facts>;
  const auto topic = admin.topic(tp.topic);
  if (!topic) return answer::failure(topic.error());
  if (!topic.value()) return answer::failure("topic '" + tp.topic + "' does not exist");
  if (tp.partition.value() >= topic.value()->partitions) {
    return answer::failure("topic '" + tp.topic + "' has no partition " +
                           std::to_string(tp.partition.value()) + "; its partitions are 0 to " +
                           std::to_string(topic.value()->partitions - 1));
  }
  const std::array one{tp};
  const auto level = isolation::read_uncommitted;
  const auto first = admin.list_offsets(one, offset_query::earliest(), level);
  const auto last = admin.list_offsets(one, offset_query::latest(), level);
  if (!first) return answer::failure(first.error());
  if (!last) return answer::failure(last.error());
  const auto start = listed(first, tp);
  const auto end = listed(last, tp);
  if (!start || !end) return answer::failure(to_string(tp) + " has no leader now; try again");
  seek_facts facts{*start, *end, std::nullopt};
  if (target.to == seek_target::kind::timestamp) {
    const auto found = admin.list_offsets(one, offset_query::at_time(target.value), level);
    if (!found) return answer::failure(found.error());
    facts.at_time = listed(found, tp);
  }
  return facts;
}

int move(admin_client& admin, const std::string& group_id, const topic_partition& tp,
         const seek_plan& plan, const seek_options& options) {
  const auto committed = admin.committed(group_id);
  if (!committed) return fail(exit_failed, committed.error());
  const auto found = committed.value().find(tp);
  const auto from = found == committed.value().end() ? std::string{"no commit"}
                                                     : std::to_string(found->second.offset.value());
  if (!options.dry_run) {
    const auto moved = admin.alter_committed(group_id, {{tp, {plan.to, {}}}});
    if (!moved) return fail(exit_failed, moved.error());
  }
  std::printf("%s%s %s: %s -> %lld%s%s%s\n", options.dry_run ? "would move " : "moved ",
              group_id.c_str(), to_string(tp).c_str(), from.c_str(),
              static_cast<long long>(plan.to.value()), plan.remark.empty() ? "" : " (",
              plan.remark.c_str(), plan.remark.empty() ? "" : ")");
  return exit_done;
}

/// Moves the partition in the running worker that has it.
int move_live(const command_context& context, const topic_partition& tp, const seek_target& target,
              const seek_options& options) {
  if (options.dry_run) return fail(exit_usage, "--dry-run makes no sense with --live");
  json order{{"topic", tp.topic}, {"partition", tp.partition.value()}};
  switch (target.to) {
    case seek_target::kind::earliest: order["to"] = "earliest"; break;
    case seek_target::kind::latest: order["to"] = "latest"; break;
    case seek_target::kind::offset: order["offset"] = target.value; break;
    case seek_target::kind::timestamp: order["timestamp_ms"] = target.value; break;
  }
  const auto told = tell_admin(context, options.addr, "/control/seek",
                               order.dump(-1, ' ', false, json::error_handler_t::replace));
  if (const auto* problem = std::get_if<asking_failure>(&told)) {
    return fail(problem->code, problem->text);
  }
  const auto answer = json::parse(std::get<http_answer>(told).body, nullptr, false);
  if (!answer.is_object() || !answer.contains("to")) {
    return fail(exit_failed,
                "the answer is not that of /control/seek: not a worker of this version?");
  }
  const auto remark = answer.value("remark", "");
  std::printf("moving %s to %s%s%s%s\n", to_string(tp).c_str(), answer["to"].dump().c_str(),
              remark.empty() ? "" : " (", remark.c_str(), remark.empty() ? "" : ")");
  return exit_done;
}

/// Whether the worker at admin.addr is one of this group: then there is a way without a stop.
bool own_worker_runs(const command_context& context, const std::string& group_id) {
  const auto asked = ask_admin(context, std::nullopt, "/status");
  const auto* const answer = std::get_if<http_answer>(&asked);
  if (answer == nullptr || answer->status != 200) return false;
  const auto page = json::parse(answer->body, nullptr, false);
  return page.is_object() && page.contains("group") && page["group"].value("id", "") == group_id;
}

int run(const command_context& context, const seek_options& options) {
  if (!context.globals.topic || !options.partition) {
    return fail(exit_usage, "seek needs --topic and --partition");
  }
  if (*options.partition < 0) {
    return fail(exit_usage, "--partition " + std::to_string(*options.partition) +
                                " is no partition; use a number from 0");
  }
  const auto target = target_of(options);
  if (const auto* problem = std::get_if<std::string>(&target)) return fail(exit_usage, *problem);
  const auto& wanted = std::get<seek_target>(target);
  const topic_partition tp{*context.globals.topic, partition_id{*options.partition}};
  if (options.live) return move_live(context, tp, wanted, options);
  if (options.addr) return fail(exit_usage, "--addr is for --live");
  const auto& consumer = context.values().consumer;

  auto opened = admin_client::open(context.values(), context.quiet_log);
  if (!opened) return fail(exit_usage, opened.error());
  auto& admin = *opened.value();
  const auto group = admin.describe_group(consumer.group_id);
  if (!group) return fail(exit_failed, group.error());
  if (const auto refusal = refusal_of(group.value(), consumer.session_timeout)) {
    const bool live = own_worker_runs(context, consumer.group_id);
    return fail(exit_failed, *refusal + (live ? "; or add --live: the worker at admin.addr moves "
                                                "the partition, if it has it, while it runs"
                                              : ""));
  }
  const auto facts = ask(admin, tp, wanted);
  if (!facts) return fail(exit_failed, facts.error());
  const auto plan = plan_seek(tp, wanted, facts.value());
  if (const auto* problem = std::get_if<std::string>(&plan)) return fail(exit_failed, *problem);
  return move(admin, consumer.group_id, tp, std::get<seek_plan>(plan), options);
}

} // namespace

void add_process_seek(command_tree& tree, CLI::App& process) {
  const auto options = std::make_shared<seek_options>();
  command what;
  what.run = [options](const command_context& context) { return run(context, *options); };
  auto& app = tree.add(process, "seek", "Move the committed offset of a stopped group", what);
  app.add_option("--partition", options->partition, "Partition of --topic")->type_name("P");
  app.add_option("--offset", options->offset, "To this offset")->type_name("N");
  app.add_option("--timestamp", options->timestamp, "To the first record at or after")
      ->type_name("RFC3339");
  app.add_flag("--earliest", options->earliest, "To the first record");
  app.add_flag("--latest", options->latest, "To the end");
  app.add_flag("--dry-run", options->dry_run, "Say what would be done");
  app.add_flag("--live", options->live, "In the running worker that has the partition");
  app.add_option("--addr", options->addr, "Of that worker, instead of admin.addr")
      ->type_name("HOST:PORT");
}

} // namespace streamer::tools
