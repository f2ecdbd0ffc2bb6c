#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_source.hpp"
#include "config/settings.hpp"
#include "messages/operator_pause.hpp"
#include "runtime/checks/seek_plan.hpp"
#include "runtime/kafka/consumer_status.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/kafka/seek_answer.hpp"
#include "runtime/logging/log.hpp"

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace streamer {

class consumer_loop;

/// The Kafka consumer of a worker: `record_source` on librdkafka.
///
/// Two librdkafka instances, one thread. The *member* joins the group, is told of rebalances and
/// commits; its partitions are paused for good. The *fetcher* reads what the member owns, by
/// explicit assignment. In one instance, librdkafka pauses every partition from the moment a
/// rebalance is announced until the application answers it: a drain of two seconds stopped the
/// partitions that stay for two seconds (measured, 2.14.2, both protocols). In two, they go on.
class consumer_client final : public record_source {
 public:
  /// Sets up the clients; nothing is read before `run`. `events` is called on the client's own
  /// thread; `events` and `credit` must outlive the client. Fails with one line.
  [[nodiscard]] static result<std::unique_ptr<consumer_client>> create(const settings& config,
                                                                       source_events& events,
                                                                       credit_pool& credit,
                                                                       log_handle log);

  /// Ends the thread at once if `leave` was not called: nothing is committed, nobody is told.
  ~consumer_client() override;

  /// Starts the thread and joins the group. Once.
  void run();

  void start(std::vector<assignment_epoch> epochs) override;
  void commit(std::vector<commit_request> requests) override;
  void release(assignment_epoch epoch, std::optional<commit_request> last) override;
  void pause(assignment_epoch epoch) override;
  void resume(assignment_epoch epoch) override;
  void restart(std::vector<assignment_epoch> epochs) override;
  void stop_intake() override;
  void leave() override;

  /// Reads a partition anew from where it is: for one that has more and brings nothing. Any thread.
  void read_again(assignment_epoch epoch);
  /// Replaces the client that reads, where reading anew does not help: every partition goes on from
  /// where it is, without a rebalance. Any thread.
  void renew_fetching();

  /// Reads a partition no more, until `resume_partition` or until the group takes it away: its
  /// consumer ends as for a rebalance, and begins anew without reading. Any thread.
  void pause_partition(topic_partition tp, operator_pause why);
  void resume_partition(topic_partition tp);
  /// Moves a partition of this member: its consumer ends, the target is committed with empty
  /// metadata, and reading begins there. The answer says where to, or why not; the move follows it.
  /// Not waited for any longer, it can still be made. Any thread.
  [[nodiscard]] std::future<seek_answer> seek(topic_partition tp, seek_target to);

  /// The figures of this moment; any thread.
  [[nodiscard]] consumer_status status() const;

 private:
  explicit consumer_client(std::unique_ptr<consumer_loop> loop);
  std::unique_ptr<consumer_loop> loop_;
};

} // namespace streamer
