// The one place where librdkafka's error codes get a meaning. Internal to runtime/kafka.
#pragma once

#include "actors/consumer/record_source.hpp"
#include "messages/event.hpp"

#include <librdkafka/rdkafka.h>

namespace streamer {

/// The name of an error as operators search for it, e.g. `MSG_SIZE_TOO_LARGE`.
[[nodiscard]] inline const char* error_name(rd_kafka_resp_err_t code) {
  return rd_kafka_err2name(code);
}

/// The end of a produced record, by its delivery report's code. `NO_ERROR` alone is an
/// acknowledgement; what is not known to last passes.
[[nodiscard]] delivery_state delivery_state_of(rd_kafka_resp_err_t code);

/// Refused for its size.
[[nodiscard]] bool is_too_large(rd_kafka_resp_err_t code);

/// The end of a commit, by the request's own return code: the per-partition codes stay empty.
[[nodiscard]] commit_state commit_state_of(rd_kafka_resp_err_t code);

/// The brokers refuse the credentials, or the credentials lack the right.
[[nodiscard]] bool is_authentication_failure(rd_kafka_resp_err_t code);

/// Says something of the group, of a subscribed topic or of one partition, not of a connection.
[[nodiscard]] bool is_membership_error(rd_kafka_resp_err_t code);

} // namespace streamer
