#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/admin_connection.hpp"
#include "runtime/kafka/error_map.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds first_metadata_wait{1'000};
constexpr std::chrono::milliseconds shortest{1};

struct metadata_deleter {
  void operator()(const struct rd_kafka_metadata* data) const noexcept {
    rd_kafka_metadata_destroy(data);
  }
};
using metadata_ptr = std::unique_ptr<const struct rd_kafka_metadata, metadata_deleter>;
using collection_ptr =
    std::unique_ptr<rd_kafka_TopicCollection_t, destroy_with<rd_kafka_TopicCollection_destroy>>;
using new_topic_ptr = std::unique_ptr<rd_kafka_NewTopic_t, destroy_with<rd_kafka_NewTopic_destroy>>;

topic_description description_of(const rd_kafka_metadata_topic& topic) {
  topic_description made{topic.topic, topic.partition_cnt, 0, 0};
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const auto& partition = topic.partitions[i];
    made.leaderless += partition.leader < 0 ? 1 : 0;
    if (partition.id == 0) {
      made.replication_factor = partition.replica_cnt;
    }
  }
  return made;
}

topic_description description_of(const rd_kafka_TopicDescription_t* topic) {
  std::size_t count = 0;
  const auto* const* partitions = rd_kafka_TopicDescription_partitions(topic, &count);
  topic_description made{rd_kafka_TopicDescription_name(topic), static_cast<std::int32_t>(count), 0,
                         0};
  if (const auto* const id = rd_kafka_TopicDescription_topic_id(topic)) {
    made.id = rd_kafka_Uuid_base64str(id);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto* leader = rd_kafka_TopicPartitionInfo_leader(partitions[i]);
    made.leaderless += leader == nullptr || rd_kafka_Node_id(leader) < 0 ? 1 : 0;
    if (rd_kafka_TopicPartitionInfo_partition(partitions[i]) == 0) {
      std::size_t replicas = 0;
      (void)rd_kafka_TopicPartitionInfo_replicas(partitions[i], &replicas);
      made.replication_factor = static_cast<std::int32_t>(replicas);
    }
  }
  return made;
}

creation_result result_of(const rd_kafka_topic_result_t* answer) {
  creation_result made{rd_kafka_topic_result_name(answer), creation_result::state::created, {}};
  const auto code = rd_kafka_topic_result_error(answer);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    made.ended = creation_result::state::existed;
  } else if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    made.ended = creation_result::state::refused;
    const auto* text = rd_kafka_topic_result_error_string(answer);
    made.error = std::string{text == nullptr ? rd_kafka_err2str(code) : text} + " (" +
                 error_name(code) + ")";
  }
  return made;
}

} // namespace

result<std::vector<topic_description>> admin_client::topics() {
  using answer = result<std::vector<topic_description>>;
  auto* const client = connection_->client.get();
  const auto deadline = std::chrono::steady_clock::now() + connection_->timeout;
  const struct rd_kafka_metadata* raw = nullptr;
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  // The call waits for a broker without saying that all of them refuse this client: that comes as
  // an error beside it. So it waits in parts, each longer than the last.
  for (auto part = first_metadata_wait;; part *= 2) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    code = rd_kafka_metadata(client, 1, nullptr, &raw,
                             static_cast<int>(std::max(std::min(part, left), shortest).count()));
    rd_kafka_poll(client, 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || refused() || left <= part) {
      break;
    }
  }
  const metadata_ptr metadata{raw};
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return answer::failure(
        connection_->explain("cannot list the topics", code, rd_kafka_err2str(code)));
  }
  std::vector<topic_description> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        !std::string_view{topic.topic}.starts_with("__")) {
      found.push_back(description_of(topic));
    }
  }
  std::ranges::sort(found, {}, &topic_description::name);
  return found;
}

// Not rd_kafka_metadata for the one topic: that request may make a broker create it.
result<std::optional<topic_description>> admin_client::topic(const std::string& name) {
  using answer = result<std::optional<topic_description>>;
  const auto what = "cannot describe topic '" + name + "'";
  std::array<const char*, 1> names{name.c_str()};
  const collection_ptr wanted{rd_kafka_TopicCollection_of_topic_names(names.data(), names.size())};
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
  auto event = connection_->ask(what, connection_->client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_DescribeTopics(connection_->client.get(), wanted.get(), options.get(), queue);
  });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* found = rd_kafka_DescribeTopics_result_topics(
      rd_kafka_event_DescribeTopics_result(event.value().get()), &count);
  if (count == 0) {
    return std::optional<topic_description>{};
  }
  const auto* error = rd_kafka_TopicDescription_error(found[0]);
  const auto code = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return std::optional<topic_description>{};
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return answer::failure(connection_->explain(what, code, rd_kafka_error_string(error)));
  }
  return std::optional{description_of(found[0])};
}

result<std::vector<creation_result>> admin_client::create_topics(
    std::span<const new_topic> wanted) {
  using answer = result<std::vector<creation_result>>;
  std::vector<new_topic_ptr> owned;
  std::vector<rd_kafka_NewTopic_t*> requests;
  for (const auto& topic : wanted) {
    std::array<char, 256> why{};
    new_topic_ptr made{rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions,
                                             topic.replication_factor, why.data(), why.size())};
    if (!made) {
      return answer::failure("cannot create topic '" + topic.name + "': " + why.data());
    }
    for (const auto& [name, value] : topic.properties) {
      rd_kafka_NewTopic_set_config(made.get(), name.c_str(), value.c_str());
    }
    requests.push_back(made.get());
    owned.push_back(std::move(made));
  }
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
  auto event = connection_->ask("cannot create the topics", connection_->client.get(),
                                [&](rd_kafka_queue_t* queue) {
                                  rd_kafka_CreateTopics(connection_->client.get(), requests.data(),
                                                        requests.size(), options.get(), queue);
                                });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* answers = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event.value().get()), &count);
  std::vector<creation_result> results;
  for (std::size_t i = 0; i < count; ++i) {
    results.push_back(result_of(answers[i]));
  }
  return results;
}

} // namespace streamer
