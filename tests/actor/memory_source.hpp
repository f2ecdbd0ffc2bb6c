// A Kafka consumer in memory: a log of records, a group that gives and takes partitions, and
// a note of everything it was asked for.
#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/lag_split.hpp"
#include "actors/consumer/record_source.hpp"
#include "tests/actor/memory_batch.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace streamer::test {

/// A commit as the source was asked for it.
struct seen_commit {
  topic_partition tp;
  assignment_epoch epoch;
  offset_id offset;
  std::string metadata;
  bool last = false; ///< came with a release
};

/// A partition that was given up, with or without a last commit.
struct seen_release {
  topic_partition tp;
  assignment_epoch epoch;
  bool with_commit = false;
};

/// Keeps the contract of `record_source`: calls may come from any thread and are carried out in
/// order by `poll`. Everything else belongs to the thread that polls.
class memory_source final : public record_source {
 public:
  explicit memory_source(std::shared_ptr<credit_pool> credit) : credit_{std::move(credit)} {}
  /// Whom to tell; before anything else.
  void connect(source_events& events) { events_ = &events; }

  void start(std::vector<assignment_epoch> epochs) override;
  void commit(std::vector<commit_request> requests) override;
  void release(assignment_epoch epoch, std::optional<commit_request> last) override;
  void pause(assignment_epoch epoch) override;
  void resume(assignment_epoch epoch) override;
  void restart(std::vector<assignment_epoch> epochs) override;
  void stop_intake() override;
  void leave() override;

  /// Appends to the log.
  offset_id append(const topic_partition& tp, record_spec spec);
  /// Leaves a gap, as compaction and transaction markers do.
  void skip_offsets(const topic_partition& tp, std::int64_t count);
  [[nodiscard]] const std::vector<stored_record>& log_of(const topic_partition& tp);
  /// The offset that the next record will get.
  [[nodiscard]] offset_id end_of(const topic_partition& tp);

  /// What the group has committed.
  void set_committed(const topic_partition& tp, committed_position to);
  [[nodiscard]] const committed_position& committed(const topic_partition& tp);

  /// The group gives these to the process.
  void assign(const std::vector<topic_partition>& partitions);
  /// The group takes these away in order: they may drain and commit.
  void revoke(const std::vector<topic_partition>& partitions);
  /// An operator pauses it: its consumer ends, and the next one gets nothing until `go_on`.
  void stop(const topic_partition& tp);
  void go_on(const topic_partition& tp);
  /// An operator moves it: its consumer ends, and the next one begins there.
  void move(const topic_partition& tp, offset_id to);
  /// They are someone else's already.
  void lose(const std::vector<topic_partition>& partitions);
  [[nodiscard]] std::optional<assignment_epoch> epoch_of(const topic_partition& tp) const;
  /// What a Kafka client would know of an owned partition.
  [[nodiscard]] source_facts facts_of(const topic_partition& tp);

  /// Of the batches that were delivered, those that somebody still holds.
  [[nodiscard]] std::size_t batches_alive() const;

  /// Carries out what was asked for and delivers what credit allows. False: nothing moved.
  bool poll();

  std::size_t batch_size = 50; ///< most records of one delivery
  bool hold_commits = false;   ///< commits wait for their answer until this is false again
  /// What to answer to a commit; without it every commit of an owned partition succeeds.
  std::function<commit_state(const seen_commit&)> judge;
  /// Called for every commit that is about to count.
  std::function<void(const seen_commit&)> on_commit;
  std::string cluster_id = "cluster-a";

  std::vector<seen_commit> commits; ///< those that counted
  std::vector<seen_commit> stale;   ///< for partitions that are not owned: they never count
  std::vector<seen_release> releases;
  std::vector<topic_partition> pauses;
  std::vector<topic_partition> resumes;
  std::vector<topic_partition> restarts;
  std::uint64_t delivered = 0;     ///< records handed over
  std::int64_t most_in_flight = 0; ///< most credit that was ever taken
  bool intake_stopped = false;
  bool left = false;

 private:
  struct partition_log {
    std::vector<stored_record> records;
    std::int64_t end = 0;
    committed_position committed;
  };
  struct ownership {
    topic_partition tp;
    std::int64_t position = 0;
    bool started = false;
    bool paused = false;
    bool leaving = false;
    bool moving = false;
    std::optional<offset_id> move_to{};
    std::int64_t end_told = -1;
  };

  void ask(std::function<void()> command);
  void take_commit(commit_request request, bool last);
  void begin(const std::vector<topic_partition>& partitions);
  bool deliver(assignment_epoch epoch, ownership& owned);
  void answer_held();

  std::shared_ptr<credit_pool> credit_;
  source_events* events_ = nullptr;
  std::map<topic_partition, partition_log> logs_;
  std::map<assignment_epoch, ownership> owned_;
  std::set<topic_partition> stopped_;
  std::vector<commit_request> held_;
  std::vector<std::weak_ptr<const record_batch>> batches_;
  std::uint64_t next_epoch_ = 1;

  std::mutex mutex_;
  std::vector<std::function<void()>> commands_;
};

} // namespace streamer::test
