#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/admin_connection.hpp"

#include <array>

namespace streamer {
namespace {

std::string text(const char* value) { return value == nullptr ? std::string{} : value; }

group_state state_of(rd_kafka_consumer_group_state_t state) {
  switch (state) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE: return group_state::preparing_rebalance;
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE:
      return group_state::completing_rebalance;
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE: return group_state::stable;
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD: return group_state::dead;
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY: return group_state::empty;
    case RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN:
    case RD_KAFKA_CONSUMER_GROUP_STATE__CNT: return group_state::unknown;
  }
  return group_state::unknown;
}

group_member member_of(const rd_kafka_MemberDescription_t* member) {
  group_member made;
  made.client_id = text(rd_kafka_MemberDescription_client_id(member));
  made.host = text(rd_kafka_MemberDescription_host(member));
  made.member_id = text(rd_kafka_MemberDescription_consumer_id(member));
  made.instance_id = text(rd_kafka_MemberDescription_group_instance_id(member));
  const auto* assignment = rd_kafka_MemberDescription_assignment(member);
  const auto* partitions =
      assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    const auto& element = partitions->elems[i];
    made.assigned.push_back({element.topic, partition_id{element.partition}});
  }
  return made;
}

const rd_kafka_ConsumerGroupDescription_t* described_in(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto* const* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event), &count);
  return count == 0 ? nullptr : groups[0];
}

rd_kafka_resp_err_t error_in(rd_kafka_event_t* event) {
  const auto* group = described_in(event);
  const auto* error = group == nullptr ? nullptr : rd_kafka_ConsumerGroupDescription_error(group);
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
}

} // namespace

result<group_description> admin_client::describe_group(const std::string& group_id) {
  using answer = result<group_description>;
  const auto what = "cannot describe group '" + group_id + "'";
  std::array<const char*, 1> groups{group_id.c_str()};
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  auto event = connection_->ask(
      what, connection_->client.get(),
      [&](rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConsumerGroups(connection_->client.get(), groups.data(), groups.size(),
                                        options.get(), queue);
      },
      error_in);
  if (!event) {
    return answer::failure(event.error());
  }
  const auto* group = described_in(event.value().get());
  if (group == nullptr) {
    return answer::failure(what + ": the coordinator answered nothing");
  }
  group_description made;
  made.group_id = group_id;
  const auto code = error_in(event.value().get());
  if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
    made.state = group_state::dead;
    return made;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return answer::failure(connection_->explain(what, code, rd_kafka_err2str(code)));
  }
  made.state = state_of(rd_kafka_ConsumerGroupDescription_state(group));
  made.new_protocol =
      rd_kafka_ConsumerGroupDescription_type(group) == RD_KAFKA_CONSUMER_GROUP_TYPE_CONSUMER;
  const auto members = rd_kafka_ConsumerGroupDescription_member_count(group);
  for (std::size_t i = 0; i < members; ++i) {
    made.members.push_back(member_of(rd_kafka_ConsumerGroupDescription_member(group, i)));
  }
  return made;
}

} // namespace streamer
