// librdkafka's mock cluster, in this process: for the demo, `--embedded` and tests.
#pragma once

#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace streamer {

/// How an embedded cluster is made.
struct embedded_options {
  int brokers = 1; ///< at least 1
  /// Name of the in-process client that carries the cluster, in its log lines.
  std::string client_id = "streamer-embedded";
};

/// Brokers on free loopback ports that live as long as this object. What they cannot do, so that
/// nobody proves it with them: a partition keeps 5 MB and drops its oldest records silently, one
/// fetch takes one batch, and there is no admin API, SASL, TLS, transaction isolation or static
/// membership. A group's rejoin under the classic protocol waits for session.timeout - 1 s;
/// `group_protocol = consumer` does not. Destroy every client before it. Thread-safe.
class embedded_cluster {
 public:
  /// Starts the brokers; they answer when this returns. Fails with one line.
  [[nodiscard]] static result<std::unique_ptr<embedded_cluster>> start(
      const embedded_options& options, const log_handle& log);

  embedded_cluster(const embedded_cluster&) = delete;
  embedded_cluster& operator=(const embedded_cluster&) = delete;
  ~embedded_cluster();

  /// What clients take as `kafka.bootstrap_servers`.
  [[nodiscard]] const std::string& bootstrap_servers() const { return bootstrap_servers_; }

  /// Creates `topic`; one that exists stays as it is. Returns one line if it was refused.
  [[nodiscard]] std::optional<std::string> create_topic(const std::string& topic,
                                                        std::int32_t partitions);

 private:
  struct brokers;
  explicit embedded_cluster(std::unique_ptr<brokers> started);

  std::unique_ptr<brokers> brokers_;
  std::string bootstrap_servers_;
};

} // namespace streamer
