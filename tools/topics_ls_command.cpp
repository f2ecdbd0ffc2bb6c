#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/text.hpp"
#include "runtime/kafka/admin.hpp"
#include "tools/command_tree.hpp"
#include "tools/offsets/topic_names.hpp"
#include "tools/text/table.hpp"

namespace streamer::tools {
namespace {

using described_map = std::map<std::string, topic_description>;

std::string uses_of(const named_topic& topic) {
  const std::vector<std::string> uses(topic.uses.begin(), topic.uses.end());
  return config_impl::joined(uses, ", ");
}

std::string state_of(const topic_description& topic) {
  return topic.leaderless == 0 ? "ok" : std::to_string(topic.leaderless) + " leaderless";
}

void show_table(const configured_topics& wanted, const described_map& found, std::size_t width) {
  table rows{{{"topic", false, true},
              {"use", false, true},
              {"partitions", true},
              {"replicas", true},
              {"state"}}};
  for (const auto& topic : wanted.topics) {
    const auto at = found.find(topic.name);
    if (at == found.end()) {
      rows.add({topic.name, uses_of(topic), "-", "-", "missing"});
    } else {
      rows.add({topic.name, uses_of(topic), std::to_string(at->second.partitions),
                std::to_string(at->second.replication_factor), state_of(at->second)});
    }
  }
  std::fputs(rows.render(width).c_str(), stdout);
  for (const auto& pattern : wanted.patterns) {
    std::printf("the pattern %s names no topic\n", pattern.c_str());
  }
}

void show_json(const configured_topics& wanted, const described_map& found) {
  auto topics = nlohmann::json::array();
  for (const auto& topic : wanted.topics) {
    const auto at = found.find(topic.name);
    nlohmann::json row{{"topic", topic.name}, {"uses", topic.uses}, {"exists", at != found.end()}};
    if (at != found.end()) {
      row["partitions"] = at->second.partitions;
      row["replication_factor"] = at->second.replication_factor;
      row["leaderless"] = at->second.leaderless;
    }
    topics.push_back(std::move(row));
  }
  const nlohmann::json page{{"topics", std::move(topics)}, {"patterns", wanted.patterns}};
  std::puts(page.dump(-1, ' ', true).c_str());
}

int run_ls(const command_context& context, bool json) {
  auto admin = admin_client::open(context.values(), context.quiet_log);
  if (!admin) return fail(exit_usage, admin.error());
  const auto topics = admin.value()->topics();
  if (!topics) return fail(exit_failed, topics.error());
  described_map found;
  for (const auto& topic : topics.value())
    found.emplace(topic.name, topic);
  const auto wanted = topics_of(context.values());
  if (json) {
    show_json(wanted, found);
  } else {
    show_table(wanted, found, context.out.width);
  }
  return exit_done;
}

} // namespace

void add_topics_ls(command_tree& tree, CLI::App& topics) {
  const auto json = std::make_shared<bool>(false);
  command what;
  what.run = [json](const command_context& context) { return run_ls(context, *json); };
  tree.add(topics, "ls", "Show them, and which are missing", what)
      .add_flag("--json", *json, "One JSON object");
}

} // namespace streamer::tools
