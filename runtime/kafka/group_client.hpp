// The librdkafka instance that is the group's member: it is assigned partitions and commits, and
// fetches nothing. Internal to runtime/kafka; one thread.
#pragma once

#include "actors/consumer/record_source.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/client_health.hpp"
#include "runtime/kafka/commit_book.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/threads/wakeup.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// What a group commits for partitions, as an asynchronous request brought it.
struct committed_reply {
  std::uint64_t request = 0;
  std::string error; ///< empty: `positions` holds an entry for every partition that has no error
  std::vector<std::pair<topic_partition, committed_position>> positions;
};

/// What the member tells, from within `serve` and `close`.
class member_events {
 public:
  virtual ~member_events() = default;
  /// These are ours now, in addition to those of before. The group has been answered already.
  virtual void on_group_assigned(std::vector<topic_partition> partitions) = 0;
  /// These leave; answer with `give_up` when they are drained.
  virtual void on_group_revoking(std::vector<topic_partition> partitions) = 0;
  /// These have left without notice. The group has been answered already.
  virtual void on_group_lost(std::vector<topic_partition> partitions) = 0;
  virtual void on_group_committed(const std::vector<commit_book::ending>& endings) = 0;
  virtual void on_group_offsets(committed_reply reply) = 0;
  /// An error that belongs to the membership or to a topic of the subscription.
  virtual void on_group_error(rd_kafka_resp_err_t code, std::string_view reason) = 0;
};

/// See the file's head.
class group_client final : public client_health {
 public:
  [[nodiscard]] static result<std::unique_ptr<group_client>> create(const settings& config,
                                                                    member_events& events,
                                                                    log_handle log,
                                                                    std::shared_ptr<every> refused);
  ~group_client() override;
  group_client(const group_client&) = delete;
  group_client& operator=(const group_client&) = delete;

  /// Joins the group. Returns the failure's line, or empty text.
  [[nodiscard]] std::string subscribe(const std::vector<std::string>& topics);

  /// Serves rebalances, errors and replies; does not wait. This is the group's sign of life: call
  /// it more often than max.poll.interval.
  void serve();
  /// Up when `serve` has something to do.
  [[nodiscard]] const wakeup& flag() const { return flag_; }

  /// Gives up the partitions last named by `on_group_revoking`.
  void give_up();
  /// A revocation has been announced and not been answered.
  [[nodiscard]] bool revoking() const { return revoking_ != nullptr; }
  /// The group regards this member as gone: nothing may be committed.
  [[nodiscard]] bool lost() const;

  /// Commits; answered once by `on_group_committed`. At most one at a time.
  void commit(const std::vector<std::pair<topic_partition, commit_request>>& requests);
  /// Asks for commits of these partitions; answered by `on_group_offsets` with this number.
  void fetch_committed(std::uint64_t request, const std::vector<topic_partition>& partitions);

  /// Leaves the group (a static member stays) and serves until that is done or `deadline`.
  void close(std::chrono::steady_clock::time_point deadline);

  /// New connections, and logins that are repeated, use these. For PLAIN and SCRAM.
  void log_in_with(const kafka_settings& kafka) { set_login(*client_, kafka); }

  [[nodiscard]] rd_kafka_t& client() { return *client_; }
  /// Member id and whether the group has given this member a generation.
  [[nodiscard]] std::pair<std::string, bool> membership() const;
  /// The cluster's id; empty until a broker has told it.
  [[nodiscard]] const std::string& cluster_id();

 private:
  group_client(member_events& events, const settings& config, log_handle log,
               std::shared_ptr<every> refused);
  void take(rd_kafka_event_t& event);
  void take_rebalance(rd_kafka_event_t& event);
  void take_error(rd_kafka_event_t& event);
  void take_commit_reply(rd_kafka_event_t& event);
  void end_commit(rd_kafka_resp_err_t code);
  void take_offsets_reply(rd_kafka_event_t& event);
  void assign(const rd_kafka_topic_partition_list_t& partitions);
  void unassign(rd_kafka_topic_partition_list_t& partitions);
  [[nodiscard]] bool cooperative() const;

  member_events& events_;
  wakeup flag_;
  client_ptr client_;
  queue_ptr queue_;
  queue_ptr replies_;
  partition_list_ptr revoking_;
  std::vector<assignment_epoch> committing_;
  std::string cluster_id_;
  bool closed_ = false;
};

} // namespace streamer
