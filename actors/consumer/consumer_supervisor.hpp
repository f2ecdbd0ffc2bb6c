#pragma once

#include "actors/consumer/consumer_context.hpp"
#include "actors/consumer/record_router.hpp"
#include "actors/supervision/actor_board.hpp"
#include "actors/supervision/restart_intensity.hpp"
#include "messages/actor_messages.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace streamer {

/// State of the consumer supervisor: starts a partition consumer for each partition that
/// comes, ends it when the partition goes, and when one fails has its partition read
/// again from the committed offset.
class consumer_supervisor_state {
 public:
  static inline const char* name = "consumer_supervisor";

  consumer_supervisor_state(consumer_supervisor_actor::pointer self, consumer_context_ptr context,
                            std::shared_ptr<record_router> router, actor_links links,
                            std::shared_ptr<actor_board> board, root_supervisor_actor root,
                            restart_limits limits);
  /// Takes its children with it.
  ~consumer_supervisor_state();
  consumer_supervisor_state(const consumer_supervisor_state&) = delete;
  consumer_supervisor_state& operator=(const consumer_supervisor_state&) = delete;

  consumer_supervisor_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  struct child {
    partition_consumer_actor actor;
    topic_partition tp;
    bool leaving = false; ///< revoked or draining: its end is not a failure to be mended
    bool orphan = false;  ///< of a predecessor: is ended, and its partition read again
    std::optional<clock::time_point> deadline{}; ///< of its drain, as it was told last
    at_rest_flag at_rest{};                      ///< of an orphan: none
  };

  void on_assigned(const partitions_assigned& msg);
  void on_revoking(const partitions_revoking& msg);
  void on_stopping(const partitions_stopping& msg);
  void on_lost(const partitions_lost& msg);
  void on_commits(const commits_answered& msg);
  void on_released(const partition_released& msg);
  void on_down(const caf::down_msg& down);
  void on_drain(const drain& msg);
  void on_tick();
  void start(const assigned_partition& partition);
  void take_over_orphans();
  void drain_child(child& c, clock::time_point deadline);
  void drain_child(child& c, clock::time_point cut, clock::time_point deadline);
  void forget(assignment_epoch epoch);
  void leave_when_drained();

  consumer_supervisor_actor::pointer self_;
  consumer_context_ptr context_;
  std::shared_ptr<record_router> router_;
  actor_links links_;
  std::shared_ptr<actor_board> board_;
  root_supervisor_actor root_;
  log_handle log_;
  restart_intensity intensity_;
  std::map<assignment_epoch, child> children_;
  std::map<caf::actor_addr, assignment_epoch> epochs_by_address_;
  std::map<topic_partition, std::uint64_t> restarts_;
  gauge_ref assigned_;

  std::optional<clock::time_point> drain_deadline_;
  bool left_ = false;
  std::uint64_t ticks_ = 0;
  consumers_stopped stopped_{};
};

} // namespace streamer
