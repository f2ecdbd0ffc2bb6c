// One librdkafka producer instance: events in, delivery reports out. Internal to runtime/kafka;
// one thread.
#pragma once

#include "config/settings.hpp"
#include "messages/event.hpp"
#include "runtime/kafka/client_config.hpp"
#include "runtime/kafka/client_health.hpp"
#include "runtime/kafka/delivery_book.hpp"
#include "runtime/kafka/handles.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/threads/wakeup.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace streamer {

/// Whether several records may travel in one batch.
enum class batching : std::uint8_t { many, one };

/// See the file's head.
class producing_client {
 public:
  /// `reports` is raised when there are delivery reports or errors to be taken.
  [[nodiscard]] static result<std::unique_ptr<producing_client>> create(
      const settings& config, producer_mode mode, const producer_limits& limits,
      client_health& health, const wakeup& reports, batching batches = batching::many);
  ~producing_client();
  producing_client(const producing_client&) = delete;
  producing_client& operator=(const producing_client&) = delete;

  /// Hands one event over. Key, value and slot must stay until its report. `NO_ERROR`: a report
  /// follows; `_QUEUE_FULL`: try again later; anything else: the event's end.
  [[nodiscard]] rd_kafka_resp_err_t produce(delivery_book::slot& which);

  /// Takes reports and errors that are there. Calls `report` for each event with its slot.
  using report_function = std::function<void(delivery_book::slot&, const rd_kafka_message_t&)>;
  void take_reports(const report_function& report);

  /// Gives up everything that was handed over: its reports follow, as `_PURGE_QUEUE` or
  /// `_PURGE_INFLIGHT`.
  void purge();
  /// Events handed over whose reports have not been taken.
  [[nodiscard]] bool busy() const { return rd_kafka_outq_len(client_.get()) > 0; }
  /// New logins use these. For PLAIN and SCRAM.
  void log_in_with(const kafka_settings& kafka) { set_login(*client_, kafka); }
  /// Asks any broker whether it is there. Blocks for half a second at most.
  void ask_brokers();
  /// The client cannot go on.
  [[nodiscard]] bool fatal() const;
  [[nodiscard]] std::string fatal_line() { return fatal_reason(*client_); }
  [[nodiscard]] rd_kafka_t& client() { return *client_; }

 private:
  /// Where records without a key go: to one partition of each topic for a while, so that they fill
  /// batches. Read by librdkafka's threads too.
  struct keyless_choice {
    std::atomic<std::uint32_t> seed{0};
    std::atomic<std::int64_t> until_ns{0};
    std::int64_t duration_ns = 0;
  };

  explicit producing_client(client_health& health) : health_{health} {}
  static std::int32_t partition_of(const rd_kafka_topic_t* topic, const void* key, size_t key_size,
                                   std::int32_t count, void* topic_opaque, void* event_opaque);
  [[nodiscard]] rd_kafka_topic_t* topic(const std::string& name);

  client_health& health_;
  // In this order: topics refer to the client, and the client's threads to the choice.
  keyless_choice keyless_;
  client_ptr client_;
  queue_ptr queue_;
  std::unordered_map<std::string, topic_ptr> topics_;
};

} // namespace streamer
