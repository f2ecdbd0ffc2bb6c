// The librdkafka instance that reads what the group's member owns. Internal to runtime/kafka; one
// thread.
#pragma once

#include "config/settings.hpp"
#include "messages/ids.hpp"
#include "runtime/kafka/client_health.hpp"
#include "runtime/kafka/fetch_lanes.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/threads/wakeup.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace streamer {

/// Where the reading of a partition begins.
struct fetch_start {
  topic_partition tp;
  std::int64_t offset;       ///< or RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END
  std::int32_t leader_epoch; ///< of the offset's predecessor; -1: not known
  in_hand_count in_hand;
};

/// Which end of the log an answer names.
enum class log_end : std::uint8_t { low, high };

/// Offsets of partitions, as an asynchronous request brought them. `high` is the last stable
/// offset: one past the last record that may be seen.
struct offsets_reply {
  log_end end = log_end::high;
  std::vector<std::pair<topic_partition, std::int64_t>> offsets;
};

/// A topic as the brokers describe it now.
struct topic_answer {
  std::string name;
  bool exists = false;
  std::string id; ///< another one after the topic was created anew; empty: the brokers tell none
  std::int32_t partitions = 0;
};

/// See the file's head.
class fetch_client {
 public:
  [[nodiscard]] static result<std::unique_ptr<fetch_client>> create(const settings& config,
                                                                    log_handle log,
                                                                    std::shared_ptr<every> refused);
  ~fetch_client();
  fetch_client(const fetch_client&) = delete;
  fetch_client& operator=(const fetch_client&) = delete;

  /// Reads these partitions too, from their starts.
  void add(const std::vector<fetch_start>& starts);
  /// Reads these no more; what was fetched of them is thrown away. `add` may follow at once.
  void remove(const std::vector<topic_partition>& partitions);

  /// What was fetched.
  [[nodiscard]] fetch_lanes& lanes() { return lanes_; }

  /// Asks the leaders for one end of each partition; answered through `take_replies`. Also wakes
  /// the library's broker threads, which can sleep for up to a second beside a partition that was
  /// just added.
  void ask_offsets(log_end end, const std::vector<topic_partition>& partitions);
  /// Asks any broker whether it is there, and tells `health()`. Blocks for half a second at most.
  void ask_brokers();
  [[nodiscard]] std::vector<offsets_reply> take_replies();
  /// Asks what has become of topics; `take_topics` has the answers after `take_replies`.
  void ask_topics(const std::vector<std::string>& names);
  [[nodiscard]] std::vector<topic_answer> take_topics() { return std::exchange(topics_, {}); }
  [[nodiscard]] const wakeup& replies_flag() const { return replies_flag_; }

  /// Low and high offset of one partition now. Blocks for up to `timeout`.
  [[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> ask_range(
      const topic_partition& tp, std::chrono::milliseconds timeout);

  /// The first record of a partition at or after a time in ms since 1970; the inner absent: there
  /// is none. Nothing: no answer within `timeout`, for which it blocks at most.
  [[nodiscard]] std::optional<std::optional<std::int64_t>> ask_time(
      const topic_partition& tp, std::int64_t ms, std::chrono::milliseconds timeout);

  /// What a batch holds to keep the client alive while its messages are.
  [[nodiscard]] std::shared_ptr<const void> lease() const { return owner_; }

  /// As group_client's.
  void log_in_with(const kafka_settings& kafka) { set_login(*client(), kafka); }

  [[nodiscard]] client_health& health() { return owner_->health; }
  [[nodiscard]] const client_health& health() const { return owner_->health; }
  [[nodiscard]] std::string fatal() { return fatal_reason(*client()); }

 private:
  /// The instance and what its callbacks reach. Destroyed with the last batch, whichever thread
  /// that is on: librdkafka cannot be destroyed while messages are outstanding.
  struct owner {
    owner(log_handle log, const settings& config, std::shared_ptr<every> refused)
        : health{std::move(log), "consumer", config.kafka, std::move(refused)} {}
    ~owner();
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    client_health health;
    rd_kafka_t* client = nullptr;
  };

  fetch_client(std::shared_ptr<owner> shared, credit_limits waiting);
  [[nodiscard]] rd_kafka_t* client() const { return owner_->client; }

  std::shared_ptr<owner> owner_;
  fetch_lanes lanes_;
  wakeup replies_flag_;
  queue_ptr replies_;
  std::vector<topic_answer> topics_;
};

} // namespace streamer
