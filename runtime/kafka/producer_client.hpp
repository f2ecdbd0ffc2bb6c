#pragma once

#include "actors/producer/event_sink.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace streamer {

class producer_loop;

/// How long a producer stands by a record.
enum class producer_mode : std::uint8_t {
  worker, ///< until the broker has answered, however long that takes
  ingest, ///< for producer.delivery_timeout_ms
};

/// What is sent at most at once. The memory for outbound events limits both.
struct producer_limits {
  /// A larger record is refused without being sent. By default the brokers judge: a topic may
  /// allow more than Kafka's default, and only they know.
  std::int64_t largest_message_bytes = 1'000'000'000;
  /// Smallest max.message.bytes of the topics: no batch of several records exceeds it.
  std::int64_t largest_batch_bytes = 1'000'000;
};

/// What health checks and metrics want to know of a producer, at one moment.
struct producer_status {
  bool connected = false;    ///< a broker has answered since all of them were last down
  bool authenticated = true; ///< false from an authentication failure until the next success
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;    ///< for now and for good
  std::uint64_t queue_full = 0; ///< times that the client's queue was full and submission waited
  std::uint64_t rebuilt = 0;    ///< clients replaced after a fatal error
  std::uint64_t auth_failures = 0;
  std::uint64_t broker_errors = 0;
  std::uint64_t waiting_events = 0; ///< submitted and not yet settled
};

/// The Kafka producer of a process: `event_sink` on librdkafka. Idempotent, acknowledged by all
/// replicas; one thread owns the client. After a fatal error it builds a new one and sends what was
/// not acknowledged again, in order.
class producer_client final : public event_sink {
 public:
  /// Sets up the client and starts its thread. `events` is called on that thread and must outlive
  /// the client. Fails with one line.
  [[nodiscard]] static result<std::unique_ptr<producer_client>> create(const settings& config,
                                                                       producer_mode mode,
                                                                       producer_limits limits,
                                                                       sink_events& events,
                                                                       log_handle log);

  /// As `close` with no time to wait.
  ~producer_client() override;

  void submit(std::uint64_t request, event_batch_ptr batch) override;

  /// Waits until everything submitted is settled, at most `budget`; then gives up the rest, which
  /// is reported as refused for now (`_PURGE_QUEUE`), and ends the thread. True if nothing was
  /// given up. Batches submitted later are refused the same way, on the thread that submits them.
  /// Blocks; not to be called on the sink's own thread.
  bool close(std::chrono::milliseconds budget);

  /// The figures of this moment; any thread.
  [[nodiscard]] producer_status status() const;

 private:
  explicit producer_client(std::unique_ptr<producer_loop> loop);
  std::unique_ptr<producer_loop> loop_;
};

} // namespace streamer
