// What consumer_client and producer_client tell, written down; and settings to make them with.
#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_source.hpp"
#include "actors/producer/event_sink.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/consumer_client.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/logging/log.hpp"
#include "tests/support/common.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace streamer::test {

/// Settings for a broker, a topic and a group.
[[nodiscard]] settings client_settings(const std::string& bootstrap, const std::string& topic,
                                       const std::string& group);

/// A log to stderr at the level of STREAMER_TEST_LOG; nothing is written when that is not set.
[[nodiscard]] log_handle test_log();

/// How a recorder answers.
struct recorder_behaviour {
  bool starts = true;         ///< answers on_assigned with start
  bool gives_credit = true;   ///< gives credit back at once
  bool keeps_batches = false; ///< keeps every batch alive
  /// Answers on_revoking with release after this; absent: never.
  std::optional<milliseconds> drains_for = milliseconds{0};
  bool commits_last = true; ///< releases with a commit of everything received
};

/// One ownership as the source told it.
struct recorded_epoch {
  topic_partition tp;
  assignment_epoch epoch;
  streamer::committed_position committed;
  std::vector<std::int64_t> offsets; ///< of the records received
  std::optional<std::int64_t> end;   ///< last on_end_reached
  std::chrono::steady_clock::time_point last_record{};
  std::chrono::milliseconds largest_gap{0}; ///< between two on_records
  bool revoking = false;
  bool lost = false;
  streamer::in_hand_count in_hand{};
  [[nodiscard]] std::int64_t next() const { return offsets.empty() ? -1 : offsets.back() + 1; }
};

/// A `source_events` that remembers everything, with a consumer of its own.
class recording_consumer final : public source_events {
 public:
  explicit recording_consumer(const settings& config, recorder_behaviour behaviour = {},
                              credit_limits limits = {});
  ~recording_consumer() override;

  consumer_client& client() { return *client_; }
  credit_pool& credit() { return credit_; }
  /// As if everything received so far were done.
  void give_all_credit();

  /// All ownerships so far, in order.
  [[nodiscard]] std::vector<recorded_epoch> epochs() const;
  /// The current ownership of a partition.
  [[nodiscard]] std::optional<recorded_epoch> current(std::int32_t partition) const;
  [[nodiscard]] std::size_t owned() const;
  [[nodiscard]] std::size_t records() const { return records_.load(); }
  [[nodiscard]] std::vector<record_batch_ptr> batches() const;
  [[nodiscard]] std::vector<commit_result> commits() const;
  [[nodiscard]] std::optional<source_failure> failure() const;
  [[nodiscard]] bool left() const { return left_.load(); }
  /// Forgets the gaps measured so far.
  void reset_gaps();

  /// Commits everything received, with this metadata, and waits for the answers.
  void commit_all(const std::string& metadata = {});
  /// Releases everything with a commit and leaves; true if that is done in time.
  bool leave(milliseconds timeout = milliseconds{20'000});

  void on_assigned(std::vector<assigned_partition> partitions) override;
  void on_revoking(std::vector<assignment_epoch> epochs) override;
  void on_stopping(std::vector<assignment_epoch> epochs) override {
    on_revoking(std::move(epochs));
  }
  void on_lost(std::vector<assignment_epoch> epochs) override;
  void on_records(assignment_epoch epoch, record_batch_ptr batch) override;
  void on_end_reached(assignment_epoch epoch, offset_id position) override;
  void on_committed(std::vector<commit_result> results) override;
  void on_failed(source_failure failure) override;
  void on_left() override { left_.store(true); }

 private:
  [[nodiscard]] std::vector<commit_request> everything(const std::string& metadata) const;
  void release_later(const std::vector<assignment_epoch>& epochs);

  const recorder_behaviour behaviour_;
  credit_pool credit_;
  mutable std::mutex mutex_;
  std::map<assignment_epoch, recorded_epoch> epochs_;
  std::vector<record_batch_ptr> batches_;
  std::vector<commit_result> commits_;
  std::optional<source_failure> failure_;
  std::vector<std::jthread> drains_;
  std::atomic<std::size_t> records_{0};
  std::atomic<bool> left_{false};
  std::unique_ptr<consumer_client> client_;
};

/// A `sink_events` that remembers everything, with a producer of its own.
class recording_producer final : public sink_events {
 public:
  explicit recording_producer(const settings& config, producer_mode mode = producer_mode::worker,
                              producer_limits limits = {});
  ~recording_producer() override;

  producer_client& client() { return *client_; }
  /// Submits and returns the request's number.
  std::uint64_t send(event_batch batch);
  /// The results of a request, waiting for them; fails the test after `timeout`.
  [[nodiscard]] std::vector<delivery_result> results(std::uint64_t request,
                                                     milliseconds timeout = milliseconds{30'000});
  [[nodiscard]] bool answered(std::uint64_t request) const;
  [[nodiscard]] std::optional<std::string> failure() const;

  void on_delivered(std::uint64_t request, std::vector<delivery_result> results) override;
  void on_sink_failed(std::string what) override;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::vector<delivery_result>> results_;
  std::optional<std::string> failure_;
  std::uint64_t last_ = 0;
  std::unique_ptr<producer_client> client_;
};

/// Writes `count` records round robin to the first `partitions` partitions, value "v<number>", and
/// waits for the acknowledgements.
void fill(const settings& config, const std::string& topic, std::int32_t partitions,
          std::size_t count, std::size_t value_bytes = 0);

} // namespace streamer::test
