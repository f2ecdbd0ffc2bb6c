// The thread behind consumer_client. Internal to runtime/kafka.
#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_source.hpp"
#include "config/settings.hpp"
#include "runtime/checks/seek_plan.hpp"
#include "runtime/kafka/commit_book.hpp"
#include "runtime/kafka/consumer_status.hpp"
#include "runtime/kafka/credential_watch.hpp"
#include "runtime/kafka/fetch_client.hpp"
#include "runtime/kafka/group_client.hpp"
#include "runtime/kafka/inbox.hpp"
#include "runtime/kafka/read_pace.hpp"
#include "runtime/kafka/revocation.hpp"
#include "runtime/kafka/route_table.hpp"
#include "runtime/kafka/seek_answer.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace streamer {

/// Owns both clients and everything about their partitions. Functions whose comment does not say
/// otherwise run on its thread. consumer_loop.cpp: the turns; consumer_delivery.cpp: records;
/// consumer_rebalance.cpp: the group; consumer_control.cpp: what operators pause and move;
/// consumer_renewal.cpp: new clients, for new secrets and certificates or because the old one does
/// not read; consumer_trouble.cpp: what goes wrong.
class consumer_loop final : private member_events {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using command = std::function<void(consumer_loop&)>;

  consumer_loop(const settings& config, source_events& events, credit_pool& credit, log_handle log);
  ~consumer_loop() override;

  /// Builds the clients; before `run`. Returns the failure's line, or empty text.
  [[nodiscard]] std::string open();
  /// Starts the thread. Any thread, once.
  void run();
  /// Leaves something for the thread to do. Any thread.
  void post(command what) { inbox_->put(std::move(what)); }
  /// Any thread.
  [[nodiscard]] consumer_status status() const;

  // The commands of record_source.
  void start(const std::vector<assignment_epoch>& epochs);
  void commit(std::vector<commit_request> requests);
  void release(assignment_epoch epoch, std::optional<commit_request> last);
  void pause(assignment_epoch epoch);
  void resume(assignment_epoch epoch);
  void restart(const std::vector<assignment_epoch>& epochs);
  void stop_intake() { intake_ = false; }
  void leave();
  /// Reads a partition anew from where it is, if it is read at all.
  void read_again(assignment_epoch epoch);
  /// Reads all partitions from where they are with a client made anew.
  void renew_fetching();
  // What operators ask for; consumer_control.cpp.
  void pause_partition(const topic_partition& tp, const operator_pause& why);
  void resume_partition(const topic_partition& tp);
  [[nodiscard]] seek_answer seek(const topic_partition& tp, const seek_target& to);

 private:
  static constexpr std::chrono::seconds leave_budget{5}; ///< how long leaving the group may take

  // Turns.
  void thread_main();
  void turn(time_point now);
  void run_commands();
  void wait(time_point now);
  void advance_timers(time_point now);
  [[nodiscard]] bool may_leave(time_point now) const;
  void publish();
  [[nodiscard]] std::int64_t next_offset_of(const route& of) const;

  // Records.
  [[nodiscard]] bool read();
  void deliver(std::span<rd_kafka_message_t*> messages);
  void append(route& to, std::span<rd_kafka_message_t*> run);
  void flush(route& of);
  void flush_all();
  void name_large_batch(const route& of, const kafka_batch& batch);
  void update_fetching(const std::vector<route*>& changed);
  void narrow_lanes();
  [[nodiscard]] fetch_start start_of(const route& of) const;
  void note_offsets(const offsets_reply& reply);
  void ask_ends(time_point now);

  // The group.
  [[nodiscard]] std::string subscribe();
  /// Of a lane of this group, the topic that it serves; empty: an input of its own.
  [[nodiscard]] std::string lane_source_of(const std::string& topic) const;
  void forget_foreign_lanes(std::vector<topic_partition>& partitions);
  void on_group_assigned(std::vector<topic_partition> partitions) override;
  void on_group_revoking(std::vector<topic_partition> partitions) override;
  void on_group_lost(std::vector<topic_partition> partitions) override;
  void on_group_committed(const std::vector<commit_book::ending>& endings) override;
  void on_group_offsets(committed_reply reply) override;
  void on_group_error(rd_kafka_resp_err_t code, std::string_view reason) override;
  void want_offsets(std::vector<topic_partition> partitions);
  void forget_wanted(const std::vector<topic_partition>& partitions);
  void advance_offset_requests(time_point now);
  void advance_commits(time_point now);
  void advance_restarts();
  void begin_revocation(const std::vector<topic_partition>& partitions);
  void advance_revocation(time_point now);
  void drop(const std::vector<assignment_epoch>& epochs);
  [[nodiscard]] std::vector<assignment_epoch> epochs_of(
      const std::vector<topic_partition>& partitions);

  // What operators ask for.
  void begin_move(route& of);
  void note_landing(const topic_partition& tp, const committed_position& committed);
  void end_pauses(const std::vector<topic_partition>& partitions);
  [[nodiscard]] std::optional<seek_facts> ask_seek_facts(const topic_partition& tp,
                                                         const seek_target& to);

  // Secrets and certificates.
  [[nodiscard]] std::string make_clients();
  void look_at_credentials(time_point now);
  void advance_renewal();
  void replace_clients();
  void count_out_clients();

  // Trouble.
  void take_error(const rd_kafka_message_t& message);
  void out_of_range(route& of, std::string_view reason);
  void begin_anew(route& of, std::int64_t at);
  static committed_position going_back(const committed_position& committed, offset_id passed_over);
  void out_of_order(route& of, std::int64_t offset);
  void ask_topics();
  void note_topics(std::vector<topic_answer> topics, time_point now);
  void on_recreated(const std::string& topic, time_point seen_before);
  void read_again_later(route& of);
  void advance_rereads(time_point now);
  void check_fatal();
  void fail(int exit_code, std::string what);
  /// Names an error at most every 30 s for each partition; -1: it is of none.
  void log_sometimes(std::string_view event, rd_kafka_resp_err_t code, std::string_view topic,
                     std::string_view reason, partition_id partition = partition_id{-1});

  const consumer_settings settings_;
  credential_watch credentials_;
  source_events& events_;
  credit_pool& credit_;
  log_handle log_;
  /// Shared with the credit pool, which may wake it after the consumer has gone.
  std::shared_ptr<inbox<command>> inbox_;
  std::unique_ptr<group_client> member_;
  std::unique_ptr<fetch_client> fetcher_;
  /// With new certificates: take over when every partition has been given up.
  std::unique_ptr<group_client> next_member_;
  std::unique_ptr<fetch_client> next_fetcher_;
  bool renewing_ = false; ///< the partitions are being given up for that
  std::vector<command> commands_;
  std::thread thread_;
  std::atomic<bool> abandon_{false};

  read_pace pace_;
  std::size_t largest_batch_ = 0; ///< that was seen, in bytes of memory
  route_table routes_;
  std::vector<route*> touched_; ///< routes with records of the poll at hand
  commit_book book_;
  std::optional<revocation> revocation_;
  /// Partitions that are ours and whose committed offset is not known yet.
  std::set<topic_partition> unlocated_;
  std::map<std::uint64_t, std::vector<topic_partition>> offset_requests_;
  std::uint64_t last_offset_request_ = 0;
  std::map<assignment_epoch, time_point> rereads_;
  /// The first offset of what was passed over, until the partition is read again.
  std::map<topic_partition, offset_id> passed_over_;
  /// What operators have paused, and where seeks are on their way to, until the group takes it.
  std::map<topic_partition, operator_pause> stopped_;
  std::map<topic_partition, offset_id> seeking_;
  std::vector<std::string> lanes_; ///< what is subscribed to beside consumer.topics
  std::map<std::string, every> lines_;
  struct known_topic {
    std::string id;
    std::int32_t partitions = 0;
    bool gone = false;
    time_point seen; ///< when it was last found to be the same
  };
  std::map<std::string, known_topic> topics_;

  bool intake_ = true;
  bool failed_ = false;
  bool hungry_ = false; ///< the last poll was filled: there is more
  std::optional<time_point> leave_by_;
  unsigned raised_ = 0; ///< flags that ended the last wait
  time_point served_at_{};
  time_point timers_at_{};
  time_point offsets_not_before_{};
  time_point commit_not_before_{};
  time_point ends_asked_at_{};
  time_point lows_asked_at_{};
  std::optional<time_point> nudge_at_;

  /// A thread that has yet to begin is not one that has stood still since the machine was started.
  std::atomic<std::int64_t> last_turn_ns_{
      std::chrono::steady_clock::now().time_since_epoch().count()};
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> bytes_{0};
  mutable std::mutex status_mutex_;
  consumer_status draft_;     ///< counters, this thread's
  consumer_status published_; ///< guarded by status_mutex_
};

} // namespace streamer
