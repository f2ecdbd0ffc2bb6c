#include "runtime/kafka/fetch_client.hpp"

#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/partition_lists.hpp"

#include <algorithm>
#include <utility>

namespace streamer {
namespace {

using collection_ptr =
    std::unique_ptr<rd_kafka_TopicCollection_t, destroy_with<rd_kafka_TopicCollection_destroy>>;

// Nothing where the answer says neither that the topic is there nor that it is not.
std::optional<topic_answer> answer_of(const rd_kafka_TopicDescription_t* topic) {
  topic_answer answer;
  answer.name = rd_kafka_TopicDescription_name(topic);
  const auto* error = rd_kafka_TopicDescription_error(topic);
  const auto code = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return answer;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  answer.exists = true;
  std::size_t count = 0;
  (void)rd_kafka_TopicDescription_partitions(topic, &count);
  answer.partitions = static_cast<std::int32_t>(count);
  if (const auto* id = rd_kafka_TopicDescription_topic_id(topic)) {
    if (const auto* text = rd_kafka_Uuid_base64str(id)) {
      answer.id = text;
    }
  }
  return answer;
}

} // namespace

fetch_client::owner::~owner() {
  if (client != nullptr) {
    // It is in no group: there is nothing to leave.
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

fetch_client::fetch_client(std::shared_ptr<owner> shared, credit_limits waiting)
    : owner_{std::move(shared)}, lanes_{*client(), waiting} {
  replies_.reset(rd_kafka_queue_new(client()));
  const auto raise = wakeup::raise_bytes();
  rd_kafka_queue_io_event_enable(replies_.get(), replies_flag_.descriptor(), raise.data(),
                                 raise.size());
}

// A batch may keep the client alive: it must not write to a descriptor that has another meaning by
// then.
fetch_client::~fetch_client() { rd_kafka_queue_io_event_enable(replies_.get(), -1, nullptr, 0); }

result<std::unique_ptr<fetch_client>> fetch_client::create(const settings& config, log_handle log,
                                                           std::shared_ptr<every> refused) {
  using outcome = result<std::unique_ptr<fetch_client>>;
  auto shared = std::make_shared<owner>(std::move(log), config, std::move(refused));
  auto client = make_client(config, client_role::fetcher, shared->health);
  if (!client) {
    return outcome::failure(client.error());
  }
  shared->client = std::move(client).value().release();
  rd_kafka_poll_set_consumer(shared->client);
  return std::unique_ptr<fetch_client>{
      new fetch_client{std::move(shared), split_memory(config.consumer.memory_budget_mib).waiting}};
}

void fetch_client::add(const std::vector<fetch_start>& starts) {
  const auto list = new_partition_list(static_cast<int>(starts.size()));
  for (const auto& start : starts) {
    lanes_.add(start.tp, start.in_hand);
    auto& partition = add_partition(*list, start.tp);
    partition.offset = start.offset;
    rd_kafka_topic_partition_set_leader_epoch(&partition, start.leader_epoch);
  }
  if (const error_ptr error{rd_kafka_incremental_assign(client(), list.get())}) {
    health().log().error("fetch_refused", "the client refuses to read partitions",
                         {{"reason", rd_kafka_error_string(error.get())}});
  }
}

void fetch_client::remove(const std::vector<topic_partition>& partitions) {
  const auto list = new_partition_list(static_cast<int>(partitions.size()));
  for (const auto& tp : partitions) {
    lanes_.remove(tp);
    add_partition(*list, tp);
  }
  if (const error_ptr error{rd_kafka_incremental_unassign(client(), list.get())}) {
    health().log().error("fetch_stop_refused", "the client refuses to stop reading partitions",
                         {{"reason", rd_kafka_error_string(error.get())}});
  }
}

void fetch_client::ask_offsets(log_end end, const std::vector<topic_partition>& partitions) {
  if (partitions.empty()) {
    return;
  }
  const auto list = new_partition_list(static_cast<int>(partitions.size()));
  for (const auto& tp : partitions) {
    add_partition(*list, tp).offset =
        end == log_end::low ? RD_KAFKA_OFFSET_SPEC_EARLIEST : RD_KAFKA_OFFSET_SPEC_LATEST;
  }
  auto* const options = rd_kafka_AdminOptions_new(client(), RD_KAFKA_ADMIN_OP_LISTOFFSETS);
  error_ptr{
      rd_kafka_AdminOptions_set_isolation_level(options, RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED)};
  rd_kafka_AdminOptions_set_request_timeout(options, 5'000, nullptr, 0);
  rd_kafka_AdminOptions_set_opaque(options, number_as_opaque(end == log_end::low ? 1 : 2));
  rd_kafka_ListOffsets(client(), list.get(), options, replies_.get());
  rd_kafka_AdminOptions_destroy(options);
}

void fetch_client::ask_brokers() {
  if (brokers_answer(*client())) {
    health().answered();
  }
}

void fetch_client::ask_topics(const std::vector<std::string>& names) {
  std::vector<const char*> raw;
  for (const auto& name : names) {
    raw.push_back(name.c_str());
  }
  const collection_ptr wanted{rd_kafka_TopicCollection_of_topic_names(raw.data(), raw.size())};
  auto* const options = rd_kafka_AdminOptions_new(client(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
  rd_kafka_AdminOptions_set_request_timeout(options, 5'000, nullptr, 0);
  rd_kafka_DescribeTopics(client(), wanted.get(), options, replies_.get());
  rd_kafka_AdminOptions_destroy(options);
}

std::vector<offsets_reply> fetch_client::take_replies() {
  std::vector<offsets_reply> replies;
  while (const event_ptr event{rd_kafka_queue_poll(replies_.get(), 0)}) {
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue; // asked again before long
    }
    if (const auto* const described = rd_kafka_event_DescribeTopics_result(event.get())) {
      std::size_t topics = 0;
      const auto* const* all = rd_kafka_DescribeTopics_result_topics(described, &topics);
      for (const auto* topic : std::span{all, topics}) {
        if (auto answer = topic == nullptr ? std::nullopt : answer_of(topic)) {
          topics_.push_back(std::move(*answer));
        }
      }
      continue;
    }
    const auto* const found = rd_kafka_event_ListOffsets_result(event.get());
    if (found == nullptr) {
      continue;
    }
    std::size_t count = 0;
    const auto* const* infos = rd_kafka_ListOffsets_result_infos(found, &count);
    auto& reply = replies.emplace_back();
    reply.end =
        opaque_as_number(rd_kafka_event_opaque(event.get())) == 1 ? log_end::low : log_end::high;
    for (const auto* info : std::span{infos, count}) {
      const auto* const partition = rd_kafka_ListOffsetsResultInfo_topic_partition(info);
      if (partition->err == RD_KAFKA_RESP_ERR_NO_ERROR && partition->offset >= 0) {
        reply.offsets.emplace_back(name_of(*partition), partition->offset);
      }
    }
    if (!reply.offsets.empty()) {
      health().answered();
    }
  }
  return replies;
}

std::optional<std::pair<std::int64_t, std::int64_t>> fetch_client::ask_range(
    const topic_partition& tp, std::chrono::milliseconds timeout) {
  std::int64_t low = -1;
  std::int64_t high = -1;
  if (rd_kafka_query_watermark_offsets(client(), tp.topic.c_str(), tp.partition.value(), &low,
                                       &high, static_cast<int>(timeout.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return std::pair{low, high};
}

std::optional<std::optional<std::int64_t>> fetch_client::ask_time(
    const topic_partition& tp, std::int64_t ms, std::chrono::milliseconds timeout) {
  const auto list = new_partition_list(1);
  auto& partition = add_partition(*list, tp);
  partition.offset = ms;
  if (rd_kafka_offsets_for_times(client(), list.get(), static_cast<int>(timeout.count())) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return partition.offset >= 0 ? std::optional{partition.offset} : std::optional<std::int64_t>{};
}

} // namespace streamer
