// admin_client: rights and configuration of topics, groups and brokers.
#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/admin_connection.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace streamer {
namespace {

using collection_ptr =
    std::unique_ptr<rd_kafka_TopicCollection_t, destroy_with<rd_kafka_TopicCollection_destroy>>;
constexpr std::chrono::milliseconds first_patience{500};

using resource_ptr =
    std::unique_ptr<rd_kafka_ConfigResource_t, destroy_with<rd_kafka_ConfigResource_destroy>>;

// A broker without an authorizer allows everything and says so; one that does not know the question
// answers nothing.
std::optional<access_rights> rights_of(const rd_kafka_AclOperation_t* operations,
                                       std::size_t count) {
  if (operations == nullptr || count == 0) {
    return std::nullopt;
  }
  access_rights rights;
  for (const auto operation : std::span{operations, count}) {
    switch (operation) {
      case RD_KAFKA_ACL_OPERATION_READ: rights.insert(access_right::read); break;
      case RD_KAFKA_ACL_OPERATION_WRITE: rights.insert(access_right::write); break;
      case RD_KAFKA_ACL_OPERATION_DESCRIBE: rights.insert(access_right::describe); break;
      case RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS:
        rights.insert(access_right::describe_configs);
        break;
      default: break;
    }
  }
  return rights;
}

topic_facts facts_of(const rd_kafka_TopicDescription_t* topic) {
  topic_facts facts;
  facts.name = rd_kafka_TopicDescription_name(topic);
  const auto* error = rd_kafka_TopicDescription_error(topic);
  const auto code = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: facts.is = topic_facts::state::found; break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: facts.is = topic_facts::state::missing; return facts;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      facts.is = topic_facts::state::not_authorised;
      return facts;
    default: facts.error = rd_kafka_error_string(error); return facts;
  }
  std::size_t count = 0;
  const auto* const* partitions = rd_kafka_TopicDescription_partitions(topic, &count);
  facts.partitions = static_cast<std::int32_t>(count);
  for (const auto* partition : std::span{partitions, count}) {
    const auto* leader = rd_kafka_TopicPartitionInfo_leader(partition);
    facts.leaderless += leader == nullptr || rd_kafka_Node_id(leader) < 0 ? 1 : 0;
    std::size_t held = 0;
    const auto* const* replicas = rd_kafka_TopicPartitionInfo_replicas(partition, &held);
    for (const auto* replica : std::span{replicas, held}) {
      facts.brokers.insert(rd_kafka_Node_id(replica));
    }
    std::size_t in_sync = 0;
    (void)rd_kafka_TopicPartitionInfo_isr(partition, &in_sync);
    facts.in_sync.push_back(static_cast<std::int32_t>(in_sync));
    if (rd_kafka_TopicPartitionInfo_partition(partition) == 0) {
      facts.replication_factor = static_cast<std::int32_t>(held);
    }
  }
  std::size_t operations = 0;
  const auto* allowed = rd_kafka_TopicDescription_authorized_operations(topic, &operations);
  facts.rights = rights_of(allowed, operations);
  return facts;
}

broker_settings settings_of(const rd_kafka_ConfigResource_t* resource) {
  broker_settings made;
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (const auto* entry : std::span{entries, count}) {
    // Secrets come without a value.
    if (const auto* value = rd_kafka_ConfigEntry_value(entry)) {
      made.emplace(rd_kafka_ConfigEntry_name(entry), value);
    }
  }
  return made;
}

} // namespace

result<std::map<std::string, topic_facts>> admin_client::topic_facts_of(
    const std::vector<std::string>& names) {
  using answer = result<std::map<std::string, topic_facts>>;
  std::map<std::string, topic_facts> facts;
  if (names.empty()) {
    return facts;
  }
  std::vector<const char*> raw;
  for (const auto& name : names) {
    raw.push_back(name.c_str());
  }
  const collection_ptr wanted{rd_kafka_TopicCollection_of_topic_names(raw.data(), raw.size())};
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
  error_ptr{rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1)};
  auto event = connection_->ask(
      "cannot describe the topics", connection_->client.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_DescribeTopics(connection_->client.get(), wanted.get(), options.get(), queue);
      });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* found = rd_kafka_DescribeTopics_result_topics(
      rd_kafka_event_DescribeTopics_result(event.value().get()), &count);
  for (const auto* topic : std::span{found, count}) {
    if (topic == nullptr) {
      continue; // left out of the answer
    }
    auto made = facts_of(topic);
    auto name = made.name;
    facts.emplace(std::move(name), std::move(made));
  }
  std::vector<std::string> there;
  for (const auto& [name, topic] : facts) {
    if (topic.is == topic_facts::state::found) {
      there.push_back(name);
    }
  }
  auto configured = connection_->settings_of_all(RD_KAFKA_RESOURCE_TOPIC, there);
  if (!configured) {
    return answer::failure(configured.error());
  }
  for (auto& [name, config] : configured.value()) {
    facts.at(name).config = std::move(config);
  }
  return facts;
}

// Those that may not be seen are absent.
result<std::map<std::string, broker_settings>> admin_client::connection::settings_of_all(
    rd_kafka_ResourceType_t type, const std::vector<std::string>& names) {
  using answer = result<std::map<std::string, broker_settings>>;
  std::map<std::string, broker_settings> all;
  if (names.empty()) {
    return all;
  }
  std::vector<resource_ptr> owned;
  std::vector<rd_kafka_ConfigResource_t*> raw;
  for (const auto& name : names) {
    owned.emplace_back(rd_kafka_ConfigResource_new(type, name.c_str()));
    raw.push_back(owned.back().get());
  }
  const auto limits = options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  auto event = ask("cannot see the configuration", client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_DescribeConfigs(client.get(), raw.data(), raw.size(), limits.get(), queue);
  });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* found = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.value().get()), &count);
  for (const auto* resource : std::span{found, count}) {
    if (rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      all.emplace(rd_kafka_ConfigResource_name(resource), settings_of(resource));
    }
  }
  return all;
}

// Asked again with ever more patience, and not once with all of it: a refused login, and a call to
// `cancel`, are only noticed in between.
rd_kafka_resp_err_t admin_client::connection::metadata(
    const struct rd_kafka_metadata*& answer) const {
  auto code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  auto patience = std::min(first_patience, timeout);
  for (auto left = timeout; left > std::chrono::milliseconds{0}; left -= patience, patience *= 2) {
    patience = std::min(patience, left);
    code = rd_kafka_metadata(client.get(), 0, nullptr, &answer, static_cast<int>(patience.count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return code;
    }
    rd_kafka_poll(client.get(), 0);
    if (cancelled.load() || !hooks.refused().empty()) {
      return code;
    }
  }
  return code;
}

// Not DescribeCluster: librdkafka aborts the process on an answer that names no broker.
result<broker_facts> admin_client::broker() {
  using answer = result<broker_facts>;
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code = connection_->metadata(metadata);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return answer::failure(
        connection_->explain("cannot reach the cluster", code, rd_kafka_err2str(code)));
  }
  broker_facts facts;
  facts.brokers = metadata->broker_cnt;
  for (const auto& broker :
       std::span{metadata->brokers, static_cast<std::size_t>(metadata->broker_cnt)}) {
    facts.ids.insert(broker.id);
  }
  const auto id = metadata->broker_cnt > 0 ? std::to_string(metadata->brokers[0].id) : "";
  rd_kafka_metadata_destroy(metadata);
  if (id.empty()) {
    return facts;
  }
  auto config = connection_->settings_of_all(RD_KAFKA_RESOURCE_BROKER, {id});
  if (!config) {
    return answer::failure(config.error());
  }
  if (const auto found = config.value().find(id); found != config.value().end()) {
    facts.config = std::move(found->second);
  }
  return facts;
}

result<std::optional<access_rights>> admin_client::group_rights(const std::string& group_id) {
  using answer = result<std::optional<access_rights>>;
  const auto what = "cannot describe group '" + group_id + "'";
  std::array<const char*, 1> groups{group_id.c_str()};
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  error_ptr{rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1)};
  const auto described = [](rd_kafka_event_t* event) -> const rd_kafka_ConsumerGroupDescription_t* {
    std::size_t count = 0;
    const auto* const* found = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    return count == 0 ? nullptr : found[0];
  };
  const auto error_of = [&](rd_kafka_event_t* event) {
    const auto* group = described(event);
    const auto* error = group == nullptr ? nullptr : rd_kafka_ConsumerGroupDescription_error(group);
    return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
  };
  auto event = connection_->ask(
      what, connection_->client.get(),
      [&](rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConsumerGroups(connection_->client.get(), groups.data(), groups.size(),
                                        options.get(), queue);
      },
      error_of);
  if (!event) {
    return answer::failure(event.error());
  }
  const auto code = error_of(event.value().get());
  if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
    return std::optional<access_rights>{}; // nobody has joined yet
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return answer::failure(std::string{rd_kafka_err2str(code)});
  }
  const auto* group = described(event.value().get());
  if (group == nullptr) {
    return std::optional<access_rights>{};
  }
  std::size_t count = 0;
  const auto* allowed = rd_kafka_ConsumerGroupDescription_authorized_operations(group, &count);
  return rights_of(allowed, count);
}

void admin_client::cancel() { connection_->cancelled.store(true); }

} // namespace streamer
