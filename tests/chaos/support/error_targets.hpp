// The errors of B6: kinds of requests, and what brokers may answer to them.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamer::test {

/// The group protocol under which a kind of request comes.
enum class protocol : std::uint8_t { classic, consumer, both };

/// A kind of request and the errors with which it may be answered.
struct error_target {
  const char* name;
  std::int16_t request; ///< its number in Kafka's protocol
  std::size_t most;     ///< errors in one run
  std::vector<rd_kafka_resp_err_t> errors;
  protocol of = protocol::both;
  std::uint64_t needed = 10; ///< errors in all runs together
  /// Requests of this kind come as long as the worker lives, so that every error is answered.
  bool steady = false;
};

/// All of them. Their addresses stay.
[[nodiscard]] const std::vector<error_target>& error_targets();

[[nodiscard]] bool is_error(rd_kafka_resp_err_t code);

/// Whether an answer may cause duplicates: it costs the membership, and with it what had not been
/// committed; or the producer, and with it the knowledge of what is on its way; or a connection,
/// and with it the answer to what the mock cluster has stored: unlike a real broker, it does not
/// know a batch that is sent again.
[[nodiscard]] bool is_costly(rd_kafka_resp_err_t code);

} // namespace streamer::test
