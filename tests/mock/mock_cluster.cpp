#include "tests/mock/mock_cluster.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>

namespace streamer::test {

mock_cluster::mock_cluster(int brokers) : cluster_{nullptr} {
  std::array<char, 256> reason{};
  owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason.data(), reason.size()));
  INFO(reason.data());
  REQUIRE(owner_ != nullptr);
  cluster_ = rd_kafka_mock_cluster_new(owner_.get(), brokers);
  REQUIRE(cluster_ != nullptr);
  // The default of 3 s would be waited for in every test.
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 100);
}

mock_cluster::~mock_cluster() { rd_kafka_mock_cluster_destroy(cluster_); }

std::string mock_cluster::bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

void mock_cluster::create_topic(const std::string& topic, int partitions) const {
  REQUIRE(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
}

void mock_cluster::fail_next(api kind, const std::vector<rd_kafka_resp_err_t>& errors) const {
  rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(kind), errors.size(),
                                          errors.data());
}

} // namespace streamer::test
