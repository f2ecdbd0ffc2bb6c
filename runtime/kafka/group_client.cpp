#include "runtime/kafka/group_client.hpp"

#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/error_map.hpp"
#include "runtime/kafka/partition_lists.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Its partitions are paused for good. Should a fetch slip out between the assignment and the
// pause, it brings next to nothing.
std::string bound_fetches(rd_kafka_conf_t& conf) {
  for (const auto& [name, value] :
       {std::pair{"fetch.message.max.bytes", "1024"}, std::pair{"queued.min.messages", "1"},
        std::pair{"queued.max.messages.kbytes", "1000"}}) {
    if (auto failure = set_property(conf, name, value)) {
      return *failure;
    }
  }
  return {};
}

int as_timeout(steady_clock::duration left) {
  const auto ms = std::chrono::duration_cast<milliseconds>(left).count();
  return static_cast<int>(ms < 0 ? 0 : ms);
}

} // namespace

group_client::group_client(member_events& events, const settings& config, log_handle log,
                           std::shared_ptr<every> refused)
    : client_health{std::move(log), "consumer", config.kafka, std::move(refused)},
      events_{events} {}

result<std::unique_ptr<group_client>> group_client::create(const settings& config,
                                                           member_events& events, log_handle log,
                                                           std::shared_ptr<every> refused) {
  using outcome = result<std::unique_ptr<group_client>>;
  auto conf = make_conf(config, client_role::consumer);
  if (!conf) {
    return outcome::failure(conf.error());
  }
  if (auto failure = bound_fetches(*conf.value()); !failure.empty()) {
    return outcome::failure(std::move(failure));
  }
  rd_kafka_conf_set_events(conf.value().get(), RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
  std::unique_ptr<group_client> member{
      new group_client{events, config, std::move(log), std::move(refused)}};
  auto client = make_client(std::move(conf).value(), client_role::consumer, *member);
  if (!client) {
    return outcome::failure(client.error());
  }
  member->client_ = std::move(client).value();
  auto* const raw = member->client_.get();
  rd_kafka_poll_set_consumer(raw);
  member->queue_.reset(rd_kafka_queue_get_consumer(raw));
  member->replies_.reset(rd_kafka_queue_new(raw));
  const auto raise = wakeup::raise_bytes();
  for (auto* const queue : {member->queue_.get(), member->replies_.get()}) {
    rd_kafka_queue_io_event_enable(queue, member->flag_.descriptor(), raise.data(), raise.size());
  }
  return member;
}

group_client::~group_client() {
  for (auto* const queue : {queue_.get(), replies_.get()}) {
    if (queue != nullptr) {
      rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
    }
  }
  queue_.reset();
  replies_.reset();
  revoking_.reset();
  if (client_ != nullptr) {
    // A close that is still under way must not hold up the end of the process.
    rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

std::string group_client::subscribe(const std::vector<std::string>& topics) {
  const auto list = new_partition_list(static_cast<int>(topics.size()));
  for (const auto& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client_.get(), list.get());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR
             ? std::string{}
             : std::string{"consumer.topics cannot be subscribed to: "} + error_name(code);
}

void group_client::serve() {
  for (auto* const queue : {queue_.get(), replies_.get()}) {
    while (const event_ptr event{rd_kafka_queue_poll(queue, 0)}) {
      take(*event);
    }
  }
}

void group_client::take(rd_kafka_event_t& event) {
  switch (rd_kafka_event_type(&event)) {
    case RD_KAFKA_EVENT_REBALANCE: take_rebalance(event); break;
    case RD_KAFKA_EVENT_ERROR: take_error(event); break;
    case RD_KAFKA_EVENT_OFFSET_COMMIT: take_commit_reply(event); break;
    case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT: take_offsets_reply(event); break;
    default: break; // a record: a fetch slipped out before the pause
  }
}

void group_client::take_error(rd_kafka_event_t& event) {
  const auto code = rd_kafka_event_error(&event);
  const auto* const reason = rd_kafka_event_error_string(&event);
  if (rd_kafka_event_error_is_fatal(&event) != 0) {
    on_error(RD_KAFKA_RESP_ERR__FATAL, reason);
  } else if (is_membership_error(code) && !is_authentication_failure(code)) {
    events_.on_group_error(code, reason);
  } else if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
             code != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    on_error(code, reason);
  }
}

// Nothing is waited for in here: what leaves drains while everything else goes on, and only then
// the group gets its answer.
void group_client::take_rebalance(rd_kafka_event_t& event) {
  answered();
  auto& partitions = *rd_kafka_event_topic_partition_list(&event);
  if (rd_kafka_event_error(&event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(partitions);
    events_.on_group_assigned(names_of(partitions));
  } else if (closed_ || rd_kafka_assignment_lost(client_.get()) != 0) {
    unassign(partitions);
    events_.on_group_lost(names_of(partitions));
  } else if (partitions.cnt == 0) {
    unassign(partitions);
  } else {
    revoking_.reset(rd_kafka_topic_partition_list_copy(&partitions));
    events_.on_group_revoking(names_of(partitions));
  }
}

bool group_client::cooperative() const {
  const auto* protocol = rd_kafka_rebalance_protocol(client_.get());
  return protocol != nullptr && std::string_view{protocol} == "COOPERATIVE";
}

void group_client::assign(const rd_kafka_topic_partition_list_t& partitions) {
  const partition_list_ptr list{rd_kafka_topic_partition_list_copy(&partitions)};
  // With an offset of its own the library asks nobody for one.
  for (auto& partition : span_of(*list)) {
    partition.offset = 0;
  }
  std::string failure;
  if (cooperative()) {
    if (const error_ptr error{rd_kafka_incremental_assign(client_.get(), list.get())}) {
      failure = rd_kafka_error_string(error.get());
    }
  } else if (const auto code = rd_kafka_assign(client_.get(), list.get())) {
    failure = rd_kafka_err2str(code);
  }
  if (!failure.empty()) {
    log().error("assignment_refused", "the client refuses the group's assignment",
                {{"reason", failure}});
    return;
  }
  if (list->cnt > 0) {
    rd_kafka_pause_partitions(client_.get(), list.get());
  }
}

void group_client::unassign(rd_kafka_topic_partition_list_t& partitions) {
  if (!cooperative()) {
    rd_kafka_assign(client_.get(), nullptr);
    return;
  }
  if (const error_ptr error{rd_kafka_incremental_unassign(client_.get(), &partitions)}) {
    log().error("revocation_refused", "the client refuses to give partitions up",
                {{"reason", rd_kafka_error_string(error.get())}});
  }
}

void group_client::give_up() {
  if (const auto leaving = std::move(revoking_)) {
    unassign(*leaving);
  }
}

bool group_client::lost() const { return rd_kafka_assignment_lost(client_.get()) != 0; }

void group_client::commit(const std::vector<std::pair<topic_partition, commit_request>>& requests) {
  const auto list = new_partition_list(static_cast<int>(requests.size()));
  committing_.clear();
  for (const auto& [tp, request] : requests) {
    auto& partition = add_partition(*list, tp);
    partition.offset = request.offset.value();
    rd_kafka_topic_partition_set_leader_epoch(&partition, request.leader_epoch);
    set_metadata(partition, request.metadata);
    committing_.push_back(request.epoch);
  }
  const auto code =
      rd_kafka_commit_queue(client_.get(), list.get(), replies_.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    end_commit(code);
  }
}

// The request's own code decides for all its partitions: the elements carry none, also where only
// some of them were refused (measured, 2.14.2). What was committed all the same is committed twice.
void group_client::take_commit_reply(rd_kafka_event_t& event) {
  const auto code = rd_kafka_event_error(&event);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    answered();
  }
  end_commit(code);
}

void group_client::end_commit(rd_kafka_resp_err_t code) {
  std::vector<commit_book::ending> endings;
  for (const auto epoch : std::exchange(committing_, {})) {
    endings.push_back(
        {epoch, commit_state_of(code), code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : error_name(code)});
  }
  events_.on_group_committed(endings);
}

void group_client::fetch_committed(std::uint64_t request,
                                   const std::vector<topic_partition>& partitions) {
  const auto list = new_partition_list(static_cast<int>(partitions.size()));
  for (const auto& tp : partitions) {
    add_partition(*list, tp);
  }
  const auto metadata = group_metadata_ptr{rd_kafka_consumer_group_metadata(client_.get())};
  auto* wanted = rd_kafka_ListConsumerGroupOffsets_new(
      rd_kafka_consumer_group_metadata_group_id(metadata.get()), list.get());
  auto* const options =
      rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  // A transaction that commits offsets of this group is waited for.
  error_ptr{rd_kafka_AdminOptions_set_require_stable_offsets(options, 1)};
  rd_kafka_AdminOptions_set_request_timeout(options, 5'000, nullptr, 0);
  rd_kafka_AdminOptions_set_opaque(options, number_as_opaque(request));
  rd_kafka_ListConsumerGroupOffsets(client_.get(), &wanted, 1, options, replies_.get());
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
}

void group_client::take_offsets_reply(rd_kafka_event_t& event) {
  committed_reply reply;
  reply.request = opaque_as_number(rd_kafka_event_opaque(&event));
  if (rd_kafka_event_error(&event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    reply.error = rd_kafka_event_error_string(&event);
    events_.on_group_offsets(std::move(reply));
    return;
  }
  std::size_t groups = 0;
  const auto* const found = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(&event), &groups);
  if (groups != 1) {
    reply.error = "the coordinator's answer names no group";
  } else if (const auto* error = rd_kafka_group_result_error(found[0])) {
    reply.error = rd_kafka_error_string(error);
  } else if (const auto* list = rd_kafka_group_result_partitions(found[0])) {
    answered();
    for (const auto& partition : span_of(*list)) {
      if (partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        reply.error = rd_kafka_err2str(partition.err);
        continue;
      }
      committed_position position;
      if (partition.offset >= 0) {
        position.offset = offset_id{partition.offset};
        position.leader_epoch = rd_kafka_topic_partition_get_leader_epoch(&partition);
        position.metadata = metadata_of(partition);
      }
      reply.positions.emplace_back(name_of(partition), std::move(position));
    }
  }
  events_.on_group_offsets(std::move(reply));
}

void group_client::close(steady_clock::time_point deadline) {
  closed_ = true;
  give_up();
  if (const error_ptr error{rd_kafka_consumer_close_queue(client_.get(), replies_.get())}) {
    log().warn("leave_failed", "the group cannot be left in good order",
               {{"reason", rd_kafka_error_string(error.get())}});
    return;
  }
  // The consumer queue is forwarded to this queue now, rebalances included.
  while (rd_kafka_consumer_closed(client_.get()) == 0 && steady_clock::now() < deadline) {
    const auto wait = std::min(as_timeout(deadline - steady_clock::now()), 50);
    if (const event_ptr event{rd_kafka_queue_poll(replies_.get(), wait)}) {
      take(*event);
    }
  }
}

std::pair<std::string, bool> group_client::membership() const {
  const auto metadata = group_metadata_ptr{rd_kafka_consumer_group_metadata(client_.get())};
  if (metadata == nullptr) {
    return {};
  }
  const auto* const id = rd_kafka_consumer_group_metadata_member_id(metadata.get());
  return {id == nullptr ? "" : id,
          rd_kafka_consumer_group_metadata_generation_id(metadata.get()) > 0};
}

const std::string& group_client::cluster_id() {
  if (cluster_id_.empty()) {
    if (auto* const id = rd_kafka_clusterid(client_.get(), 0)) {
      cluster_id_ = id;
      rd_kafka_mem_free(client_.get(), id);
    }
  }
  return cluster_id_;
}

} // namespace streamer
