// Plain librdkafka clients for the test library. Internal to tests/support.
#pragma once

#include "runtime/kafka/handles.hpp"

#include <map>
#include <string>

namespace streamer::test {

using client_properties = std::map<std::string, std::string>;

/// A client with these properties. Fails the test if librdkafka refuses them. Its own log lines
/// are dropped: brokers come and go in these tests.
[[nodiscard]] client_ptr make_client(rd_kafka_type_t type, const std::string& bootstrap,
                                     const client_properties& properties = {},
                                     void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*,
                                                       void*) = nullptr,
                                     void* opaque = nullptr);

/// Fails the test if `code` is an error, naming what was tried.
void require_ok(rd_kafka_resp_err_t code, const std::string& what);

/// Number of partitions; fails the test if the topic does not exist within 10 s.
[[nodiscard]] int partition_count(rd_kafka_t* client, const std::string& topic);

} // namespace streamer::test
