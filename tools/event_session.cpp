#include "tools/event_session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "actors/dlq/dead_letter_record.hpp"
#include "runtime/kafka/admin.hpp"
#include "tools/producer_output.hpp"

namespace streamer::tools {
namespace {

// Long enough for a cluster that is up. One that is not is the producer's to wait for.
constexpr std::chrono::milliseconds longest_look{3'000};

/// A line if the topic is known not to be there. Where nobody answers, nothing is known: that is
/// said, because the wait that follows is long.
std::optional<std::string> look_for_topic(const settings& config, const log_handle& log) {
  const auto& name = config.producer.events_topic;
  auto admin =
      admin_client::open(config, log, std::min(longest_look, config.producer.delivery_timeout));
  if (!admin) return admin.error();
  const auto topic = admin.value()->topic(name);
  if (!topic && admin.value()->refused()) return topic.error();
  if (!topic) {
    report_error(topic.error() + "; waiting, at most producer.delivery_timeout_ms");
    return std::nullopt;
  }
  if (topic.value()) return std::nullopt;
  if (!config.topics.create_missing) {
    return "topic '" + name + "' does not exist; create it with: streamer topics create";
  }
  const std::array wanted{
      new_topic{name, config.topics.partitions, config.topics.replication_factor}};
  const auto created = admin.value()->create_topics(wanted);
  if (!created) return created.error();
  for (const auto& made : created.value()) {
    if (made.ended == creation_result::state::refused) {
      return "cannot create topic '" + name + "': " + made.error;
    }
  }
  return std::nullopt;
}

} // namespace

event_session::event_session(const settings& config) : config_{config} {}

event_session::~event_session() = default;

std::optional<std::string> event_session::start_producer(const log_handle& log) {
  auto output = open_producer_output(config_, log);
  if (!output) return output.error();
  output_ = std::move(output).value();
  return std::nullopt;
}

result<std::unique_ptr<event_session>> event_session::open(const command_context& context) {
  using answer = result<std::unique_ptr<event_session>>;
  if (context.globals.embedded) return open_embedded(context.values(), {}, context.quiet_log);
  if (auto missing = look_for_topic(context.values(), context.quiet_log)) {
    return answer::failure(std::move(*missing));
  }
  std::unique_ptr<event_session> session{new event_session{context.values()}};
  if (auto problem = session->start_producer(context.quiet_log)) {
    return answer::failure(std::move(*problem));
  }
  return session;
}

result<std::unique_ptr<event_session>> event_session::open_embedded(
    const settings& given, std::span<const std::string> more_topics, const log_handle& log) {
  using answer = result<std::unique_ptr<event_session>>;
  auto cluster = embedded_cluster::start({}, log);
  if (!cluster) return answer::failure(cluster.error());
  std::unique_ptr<event_session> session{new event_session{given}};
  session->cluster_ = std::move(cluster).value();
  auto& config = session->config_;
  config.kafka.bootstrap_servers = session->cluster_->bootstrap_servers();
  // A classic group waits almost its whole session timeout on the mock cluster.
  config.consumer.group_protocol = group_protocol_kind::consumer;
  const auto& events = config.producer.events_topic;
  std::vector<std::string> topics{events, dlq_topic_for(config.dlq.topic, events)};
  topics.insert(topics.end(), more_topics.begin(), more_topics.end());
  for (const auto& name : topics) {
    if (auto refused = session->cluster_->create_topic(name, config.topics.partitions)) {
      return answer::failure(std::move(*refused));
    }
  }
  if (auto problem = session->start_producer(log)) return answer::failure(std::move(*problem));
  return session;
}

} // namespace streamer::tools
