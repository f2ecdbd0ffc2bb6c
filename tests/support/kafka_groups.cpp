#include "tests/support/kafka_access.hpp"
#include "tests/support/kafka_client.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

namespace streamer::test {
namespace {

constexpr int answer_ms = 30'000;

group_member member_of(const rd_kafka_MemberDescription_t* described) {
  group_member result;
  result.member_id = rd_kafka_MemberDescription_consumer_id(described);
  result.client_id = rd_kafka_MemberDescription_client_id(described);
  const char* instance = rd_kafka_MemberDescription_group_instance_id(described);
  result.instance_id = instance == nullptr ? "" : instance;
  const auto* list =
      rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(described));
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    result.partitions.push_back(list->elems[i].partition);
  }
  return result;
}

group_state asked_group(rd_kafka_t* client, const std::string& group) {
  const queue_ptr queue{rd_kafka_queue_new(client)};
  std::array<const char*, 1> names{group.c_str()};
  rd_kafka_DescribeConsumerGroups(client, names.data(), names.size(), nullptr, queue.get());
  const event_ptr event{rd_kafka_queue_poll(queue.get(), answer_ms)};
  group_state result;
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return result;
  }
  std::size_t count = 0;
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  if (count != 1 || rd_kafka_ConsumerGroupDescription_error(groups[0]) != nullptr) {
    return result;
  }
  result.state =
      rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0]));
  for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); ++i) {
    result.members.push_back(member_of(rd_kafka_ConsumerGroupDescription_member(groups[0], i)));
  }
  return result;
}

client_ptr group_reader(const std::string& bootstrap, const std::string& group) {
  return make_client(RD_KAFKA_CONSUMER, bootstrap,
                     {{"group.id", group}, {"enable.auto.commit", "false"}});
}

std::map<std::int32_t, committed_position> asked_positions(rd_kafka_t* client,
                                                           const std::string& topic,
                                                           int partitions) {
  const auto list = new_partition_list(partitions);
  for (std::int32_t p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p);
  }
  // A coordinator that has just been chosen, or is still loading, is asked again.
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  static_cast<void>(wait_until(
      [&] {
        code = rd_kafka_committed(client, list.get(), answer_ms);
        return code != RD_KAFKA_RESP_ERR_NOT_COORDINATOR &&
               code != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE &&
               code != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
      },
      30s, 100ms));
  require_ok(code, "committed offsets of " + topic);
  std::map<std::int32_t, committed_position> result;
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    auto& position = result[element.partition];
    position.offset = element.offset < 0 ? -1 : element.offset;
    if (element.metadata != nullptr) {
      position.metadata.assign(static_cast<const char*>(element.metadata), element.metadata_size);
    }
  }
  return result;
}

std::int64_t asked_lag(rd_kafka_t* client, const std::string& topic, int partitions) {
  std::int64_t lag = 0;
  for (const auto& [partition, position] : asked_positions(client, topic, partitions)) {
    std::int64_t first = 0;
    std::int64_t next = 0;
    require_ok(rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &first, &next,
                                                answer_ms),
               "ends of " + topic);
    lag += next - std::max(position.offset, first);
  }
  return lag;
}

} // namespace

std::map<std::int32_t, committed_position> committed_positions(const std::string& bootstrap,
                                                               const std::string& group,
                                                               const std::string& topic) {
  const auto client = group_reader(bootstrap, group);
  return asked_positions(client.get(), topic, partition_count(client.get(), topic));
}

group_state describe_group(const std::string& bootstrap, const std::string& group) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  return asked_group(client.get(), group);
}

bool wait_for_members(const std::string& bootstrap, const std::string& group, std::size_t members,
                      std::size_t partitions, milliseconds timeout) {
  const auto client = make_client(RD_KAFKA_PRODUCER, bootstrap);
  return wait_until(
      [&] {
        const auto state = asked_group(client.get(), group);
        std::size_t owned = 0;
        for (const auto& member : state.members) {
          owned += member.partitions.size();
        }
        return state.state == "Stable" && state.members.size() == members && owned == partitions;
      },
      timeout, 100ms);
}

std::int64_t group_lag(const std::string& bootstrap, const std::string& group,
                       const std::string& topic) {
  const auto client = group_reader(bootstrap, group);
  return asked_lag(client.get(), topic, partition_count(client.get(), topic));
}

bool wait_for_zero_lag(const std::string& bootstrap, const std::string& group,
                       const std::string& topic, milliseconds timeout) {
  const auto client = group_reader(bootstrap, group);
  const int partitions = partition_count(client.get(), topic);
  return wait_until([&] { return asked_lag(client.get(), topic, partitions) == 0; }, timeout,
                    100ms);
}

} // namespace streamer::test
