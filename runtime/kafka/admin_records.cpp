#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/admin_connection.hpp"
#include "runtime/kafka/partition_lists.hpp"

#include <array>

namespace streamer {
namespace {

using deletion_ptr =
    std::unique_ptr<rd_kafka_DeleteRecords_t, destroy_with<rd_kafka_DeleteRecords_destroy>>;

} // namespace

result<std::size_t> admin_client::delete_records(
    const std::map<topic_partition, offset_id>& before) {
  using answer = result<std::size_t>;
  const std::string what = "cannot delete records";
  const auto wanted = new_partition_list(static_cast<int>(before.size()));
  for (const auto& [tp, offset] : before) {
    add_partition(*wanted, tp).offset = offset.value();
  }
  const deletion_ptr request{rd_kafka_DeleteRecords_new(wanted.get())};
  auto* raw = request.get();
  const auto options = connection_->options(RD_KAFKA_ADMIN_OP_DELETERECORDS);
  auto event = connection_->ask(what, connection_->client.get(), [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteRecords(connection_->client.get(), &raw, 1, options.get(), queue);
  });
  if (!event) {
    return answer::failure(event.error());
  }
  const auto* const list = rd_kafka_DeleteRecords_result_offsets(
      rd_kafka_event_DeleteRecords_result(event.value().get()));
  for (const auto& partition : span_of(*list)) {
    if (partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return answer::failure(connection_->explain(
          what, partition.err,
          to_string(name_of(partition)) + ": " + rd_kafka_err2str(partition.err)));
    }
  }
  return before.size();
}

result<std::string> admin_client::cluster_id() {
  using answer = result<std::string>;
  auto* const client = connection_->client.get();
  auto* const id = rd_kafka_clusterid(client, static_cast<int>(connection_->timeout.count()));
  if (id == nullptr) {
    return answer::failure(connection_->explain("cannot ask for the cluster's id",
                                                RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer"));
  }
  std::string text{id};
  rd_kafka_mem_free(client, id);
  return text;
}

} // namespace streamer
