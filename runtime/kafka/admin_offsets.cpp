#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/admin_connection.hpp"
#include "runtime/kafka/partition_lists.hpp"

#include <utility>

namespace streamer {
namespace {

using fetch_request_ptr = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                          destroy_with<rd_kafka_ListConsumerGroupOffsets_destroy>>;
using alter_request_ptr = std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t,
                                          destroy_with<rd_kafka_AlterConsumerGroupOffsets_destroy>>;

std::int64_t spec_of(offset_query query) {
  switch (query.what) {
    case offset_query::kind::earliest: return RD_KAFKA_OFFSET_SPEC_EARLIEST;
    case offset_query::kind::latest: return RD_KAFKA_OFFSET_SPEC_LATEST;
    case offset_query::kind::at_time: break;
  }
  return query.timestamp_ms;
}

/// The group's answer, or why the group or one of its partitions was refused.
result<const rd_kafka_topic_partition_list_t*> partitions_of(
    const rd_kafka_group_result_t* const* groups, std::size_t count,
    const std::function<std::string(rd_kafka_resp_err_t, std::string_view)>& explain) {
  using answer = result<const rd_kafka_topic_partition_list_t*>;
  if (count == 0) {
    return answer::failure(explain(RD_KAFKA_RESP_ERR__FAIL, "the coordinator answered nothing"));
  }
  if (const auto* error = rd_kafka_group_result_error(groups[0])) {
    return answer::failure(explain(rd_kafka_error_code(error), rd_kafka_error_string(error)));
  }
  const auto* list = rd_kafka_group_result_partitions(groups[0]);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const topic_partition tp{list->elems[i].topic, partition_id{list->elems[i].partition}};
      return answer::failure(
          explain(list->elems[i].err, to_string(tp) + ": " + rd_kafka_err2str(list->elems[i].err)));
    }
  }
  return list;
}

} // namespace

// librdkafka up to 2.14.2 dereferences the client's own group while it handles an answer that the
// coordinator moved or is loading, and a producer instance has none: seen as a crash on a broker
// that had just started. A consumer that has joined nothing has one.
result<std::map<topic_partition, committed_offset>> admin_client::committed(
    const std::string& group_id) {
  using answer = result<std::map<topic_partition, committed_offset>>;
  const auto what = "cannot read the offsets of group '" + group_id + "'";
  auto& asker = connection_->group_reader;
  if (asker == nullptr) {
    auto opened = make_client(connection_->config, client_role::reader, connection_->hooks);
    if (!opened) {
      return answer::failure(opened.error());
    }
    asker = std::move(opened).value();
  }
  const fetch_request_ptr request{rd_kafka_ListConsumerGroupOffsets_new(group_id.c_str(), nullptr)};
  auto* raw = request.get();
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  auto event = connection_->ask(what, asker.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_ListConsumerGroupOffsets(asker.get(), &raw, 1, options.get(), queue);
  });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.value().get()), &count);
  const auto list =
      partitions_of(groups, count, [&](rd_kafka_resp_err_t code, std::string_view why) {
        return connection_->explain(what, code, why);
      });
  if (!list) {
    return answer::failure(list.error());
  }
  std::map<topic_partition, committed_offset> found;
  for (int i = 0; list.value() != nullptr && i < list.value()->cnt; ++i) {
    const auto& element = list.value()->elems[i];
    if (element.offset >= 0) {
      found.emplace(topic_partition{element.topic, partition_id{element.partition}},
                    committed_offset{offset_id{element.offset}, metadata_of(element)});
    }
  }
  return found;
}

result<std::map<topic_partition, listed_offset>> admin_client::list_offsets(
    std::span<const topic_partition> partitions, offset_query query, isolation level) {
  using answer = result<std::map<topic_partition, listed_offset>>;
  std::map<topic_partition, listed_offset> found;
  if (partitions.empty()) {
    return found;
  }
  const auto request = new_partition_list(static_cast<int>(partitions.size()));
  for (const auto& tp : partitions) {
    rd_kafka_topic_partition_list_add(request.get(), tp.topic.c_str(), tp.partition.value())
        ->offset = spec_of(query);
  }
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_LISTOFFSETS);
  const error_ptr refused{rd_kafka_AdminOptions_set_isolation_level(
      options.get(), level == isolation::read_committed
                         ? RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
                         : RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED)};
  if (refused) {
    return answer::failure(rd_kafka_error_string(refused.get()));
  }
  auto event = connection_->ask(
      "cannot list the offsets", connection_->client.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_ListOffsets(connection_->client.get(), request.get(), options.get(), queue);
      });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* infos = rd_kafka_ListOffsets_result_infos(
      rd_kafka_event_ListOffsets_result(event.value().get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* element = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (element->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    listed_offset listed;
    listed.timestamp_ms = rd_kafka_ListOffsetsResultInfo_timestamp(infos[i]);
    if (element->offset >= 0) {
      listed.offset = offset_id{element->offset};
    }
    found.emplace(topic_partition{element->topic, partition_id{element->partition}}, listed);
  }
  return found;
}

result<std::size_t> admin_client::alter_committed(
    const std::string& group_id, const std::map<topic_partition, committed_offset>& offsets) {
  using answer = result<std::size_t>;
  const auto what = "cannot move the offsets of group '" + group_id + "'";
  const auto wanted = new_partition_list(static_cast<int>(offsets.size()));
  for (const auto& [tp, to] : offsets) {
    auto& partition = add_partition(*wanted, tp);
    partition.offset = to.offset.value();
    set_metadata(partition, to.metadata);
  }
  const alter_request_ptr request{
      rd_kafka_AlterConsumerGroupOffsets_new(group_id.c_str(), wanted.get())};
  auto* raw = request.get();
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
  auto event = connection_->ask(what, connection_->client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_AlterConsumerGroupOffsets(connection_->client.get(), &raw, 1, options.get(), queue);
  });
  if (!event) {
    return answer::failure(event.error());
  }
  std::size_t count = 0;
  const auto* const* groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.value().get()), &count);
  const auto list =
      partitions_of(groups, count, [&](rd_kafka_resp_err_t code, std::string_view why) {
        return connection_->explain(what, code, why);
      });
  if (!list) {
    return answer::failure(list.error());
  }
  return offsets.size();
}

} // namespace streamer
