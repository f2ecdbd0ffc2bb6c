#include <cstdio>

#include "runtime/kafka/admin.hpp"
#include "tools/command_tree.hpp"
#include "tools/offsets/topic_names.hpp"

namespace streamer::tools {
namespace {

/// Says what an existing topic is; another partition count is worth a remark, because keys of a
/// topic with another count are elsewhere.
result<std::string> existing_line(admin_client& admin, const std::string& name,
                                  std::int32_t configured) {
  const auto topic = admin.topic(name);
  if (!topic) return result<std::string>::failure(topic.error());
  const auto partitions = topic.value() ? topic.value()->partitions : 0;
  auto line = "exists   " + name + " with " + std::to_string(partitions) + " partitions";
  if (partitions != configured) {
    line += " (topics.partitions is " + std::to_string(configured) + "; left as it is)";
  }
  return line;
}

int run_create(const command_context& context) {
  const auto& config = context.values().topics;
  const auto wanted = topics_of(context.values());
  std::vector<new_topic> requests;
  for (const auto& topic : wanted.topics) {
    requests.push_back({topic.name, config.partitions, config.replication_factor});
  }
  auto opened = admin_client::open(context.values(), context.quiet_log);
  if (!opened) return fail(exit_usage, opened.error());
  auto& admin = *opened.value();
  const auto created = admin.create_topics(requests);
  if (!created) return fail(exit_failed, created.error());

  int code = exit_done;
  for (const auto& topic : created.value()) {
    switch (topic.ended) {
      case creation_result::state::created:
        std::printf("created  %s with %d partitions\n", topic.name.c_str(), config.partitions);
        break;
      case creation_result::state::existed: {
        const auto line = existing_line(admin, topic.name, config.partitions);
        if (!line) return fail(exit_failed, line.error());
        std::puts(line.value().c_str());
        break;
      }
      case creation_result::state::refused:
        code = fail(exit_failed, "cannot create topic '" + topic.name + "': " + topic.error);
        break;
    }
  }
  for (const auto& pattern : wanted.patterns) {
    std::printf("skipped  the pattern %s, which names no topic\n", pattern.c_str());
  }
  return code;
}

} // namespace

void add_topics_create(command_tree& tree, CLI::App& topics) {
  command what;
  what.run = run_create;
  tree.add(topics, "create", "Create those that are missing", what);
}

} // namespace streamer::tools
