// What every command that produces needs: the cluster, the topic, the producer.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "config/settings.hpp"
#include "runtime/embedded/embedded_cluster.hpp"
#include "runtime/kafka/result.hpp"
#include "tools/command.hpp"
#include "tools/produce/event_output.hpp"

namespace streamer::tools {

/// A started producer and what it runs on.
class event_session {
 public:
  /// Starts the embedded cluster if asked to, sees that producer.events_topic exists (and creates
  /// it if topics.create_missing says so), and starts the producer. Brokers that do not answer are
  /// no failure: the producer waits for them until producer.delivery_timeout_ms.
  [[nodiscard]] static result<std::unique_ptr<event_session>> open(const command_context& context);

  /// The same on an embedded cluster of its own, which gets producer.events_topic, its DLQ and
  /// `more_topics`.
  [[nodiscard]] static result<std::unique_ptr<event_session>> open_embedded(
      const settings& config, std::span<const std::string> more_topics, const log_handle& log);

  event_session(const event_session&) = delete;
  event_session& operator=(const event_session&) = delete;
  ~event_session();

  /// The configuration, with the embedded cluster's address if there is one.
  [[nodiscard]] const settings& config() const { return config_; }
  [[nodiscard]] event_output& output() { return *output_; }

 private:
  explicit event_session(const settings& config);

  /// A line if the producer cannot be started.
  [[nodiscard]] std::optional<std::string> start_producer(const log_handle& log);

  settings config_;
  std::unique_ptr<embedded_cluster> cluster_;
  std::unique_ptr<event_output> output_;
};

} // namespace streamer::tools
