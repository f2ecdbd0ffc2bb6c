#include "runtime/embedded/embedded_cluster.hpp"

#include "runtime/kafka/handles.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <utility>

namespace streamer {
namespace {

using mock_ptr =
    std::unique_ptr<rd_kafka_mock_cluster_t, destroy_with<rd_kafka_mock_cluster_destroy>>;

// A broker's defaults (3 s, 5 s) would be most of a short demo.
constexpr int group_heartbeat_ms = 500;

void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  if (const auto* log = static_cast<const log_handle*>(rd_kafka_opaque(client))) {
    log_syslog(*log, level, "embedded_cluster_log", facility, text);
  }
}

} // namespace

// The order of the members is the order of their ends, backwards: the cluster lives in its client.
struct embedded_cluster::brokers {
  log_handle log;
  client_ptr client;
  mock_ptr cluster;
};

result<std::unique_ptr<embedded_cluster>> embedded_cluster::start(const embedded_options& options,
                                                                  const log_handle& log) {
  using started = result<std::unique_ptr<embedded_cluster>>;
  auto parts = std::make_unique<brokers>();
  parts->log = log;
  std::array<char, 512> why{};
  conf_ptr conf{rd_kafka_conf_new()};
  rd_kafka_conf_set_opaque(conf.get(), &parts->log);
  rd_kafka_conf_set_log_cb(conf.get(), write_log);
  if (rd_kafka_conf_set(conf.get(), "client.id", options.client_id.c_str(), why.data(),
                        why.size()) != RD_KAFKA_CONF_OK) {
    return started::failure(std::string{"cannot start the embedded cluster: "} + why.data());
  }
  parts->client.reset(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), static_cast<size_t>(why.size())));
  if (!parts->client) {
    return started::failure(std::string{"cannot start the embedded cluster: "} + why.data());
  }
  (void)conf.release(); // the client owns it now
  parts->cluster.reset(rd_kafka_mock_cluster_new(parts->client.get(), options.brokers));
  if (!parts->cluster) {
    return started::failure("cannot start an embedded cluster of " +
                            std::to_string(options.brokers) + " brokers: no free loopback port");
  }
  rd_kafka_mock_group_initial_rebalance_delay_ms(parts->cluster.get(), 0);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(parts->cluster.get(), group_heartbeat_ms);
  return std::unique_ptr<embedded_cluster>{new embedded_cluster{std::move(parts)}};
}

embedded_cluster::embedded_cluster(std::unique_ptr<brokers> started)
    : brokers_{std::move(started)},
      bootstrap_servers_{rd_kafka_mock_cluster_bootstraps(brokers_->cluster.get())} {}

embedded_cluster::~embedded_cluster() = default;

std::optional<std::string> embedded_cluster::create_topic(const std::string& topic,
                                                          std::int32_t partitions) {
  const auto code =
      rd_kafka_mock_topic_create(brokers_->cluster.get(), topic.c_str(), partitions, 1);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    return std::nullopt;
  }
  return "cannot create topic '" + topic + "' with " + std::to_string(partitions) +
         " partitions on the embedded cluster: " + rd_kafka_err2str(code);
}

} // namespace streamer
