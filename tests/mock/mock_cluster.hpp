// librdkafka's mock cluster: brokers in this process that fail on demand.
#pragma once

#include "runtime/kafka/handles.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace streamer::test {

/// Requests of the Kafka protocol that can be made to fail.
enum class api : std::int16_t {
  produce = 0,
  fetch = 1,
  list_offsets = 2,
  metadata = 3,
  offset_commit = 8,
  offset_fetch = 9,
  find_coordinator = 10,
  join_group = 11,
  heartbeat = 12,
  init_producer_id = 22,
};

/// A cluster of its own on free ports. Keeps 5 MB a partition.
class mock_cluster {
 public:
  explicit mock_cluster(int brokers = 1);
  mock_cluster(const mock_cluster&) = delete;
  mock_cluster& operator=(const mock_cluster&) = delete;
  ~mock_cluster();

  [[nodiscard]] std::string bootstrap() const;
  [[nodiscard]] rd_kafka_mock_cluster_t* handle() const { return cluster_; }
  void create_topic(const std::string& topic, int partitions) const;
  /// The next requests of this kind fail with these errors, one each; NO_ERROR lets one pass,
  /// `_TRANSPORT` closes the connection.
  void fail_next(api kind, const std::vector<rd_kafka_resp_err_t>& errors) const;

 private:
  client_ptr owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

} // namespace streamer::test
