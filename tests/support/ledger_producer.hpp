// Load with a ledger.
#pragma once

#include "tests/support/kafka_client.hpp"
#include "tests/support/ledger.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace streamer::test {

/// The load that `ledger_producer::run` sends.
struct load {
  double rate = 2000;     ///< records a second
  std::uint64_t seed = 1; ///< of the choice of tenants and keys
  std::size_t tenants = 4;
  std::size_t keys = 50; ///< of each tenant
  std::size_t value_bytes = 200;
  /// Headers to add to record number n of the load.
  std::function<std::vector<header>(std::uint64_t n)> headers{};
  /// CreateTime of record number n in ms since 1970; 0: now.
  std::function<std::int64_t(std::uint64_t n)> create_ms{};
};

/// Produces to one topic and keeps what was sent and what was acknowledged. Idempotent; partitions
/// as Java's default does. Thread-safe but for the transaction calls.
class ledger_producer {
 public:
  /// `transactional_id`: empty for none. `properties` go to librdkafka as they are.
  ledger_producer(const std::string& bootstrap, std::string topic,
                  const std::string& transactional_id = {}, client_properties properties = {});
  ledger_producer(const ledger_producer&) = delete;
  ledger_producer& operator=(const ledger_producer&) = delete;
  ~ledger_producer();

  /// Makes the records of this topic; not to be used while a load runs.
  [[nodiscard]] record_maker& maker() { return maker_; }
  /// Sends one record; waits while the client's queue is full.
  void send(sent_record record);
  /// Sends one record to this partition.
  void send_to(std::int32_t partition, sent_record record);
  /// Waits until every record is acknowledged or refused.
  void flush(milliseconds timeout = 60s);

  /// The records sent from now on belong to a transaction.
  void begin_transaction();
  void commit_transaction();
  void abort_transaction();

  /// Sends `count` records at the load's rate on the calling thread.
  void run(const load& what, std::uint64_t count);
  /// Sends at the load's rate on a thread of its own until `stop`.
  void start(const load& what);
  /// Ends what `start` began and waits for the acknowledgements.
  void stop();

  /// Everything sent so far.
  [[nodiscard]] std::vector<sent_record> sent() const;
  /// How many records have been acknowledged so far.
  [[nodiscard]] std::uint64_t acknowledged_count() const { return acknowledged_.load(); }

 private:
  static void on_delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* self);
  std::size_t enter(sent_record record);
  void produce(std::size_t index, std::int32_t partition);
  void pace(const load& what, std::uint64_t count);

  std::string topic_;
  record_maker maker_;
  mutable std::mutex mutex_;
  std::deque<sent_record> ledger_;
  std::size_t transaction_begin_ = 0;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::exception_ptr thread_failure_;
  client_ptr client_;
};

} // namespace streamer::test
