// How far any group is behind on any topic, asked of the brokers alone: right for a group that is
// paused, stopped or not ours.
#pragma once

#include "config/settings.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/lag_math.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/kafka/topic_reader.hpp"
#include "runtime/logging/log.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace streamer {

/// Whose lag, and where.
struct lag_request {
  std::string group_id;
  /// Topics to be shown, or patterns with a leading `^`.
  std::vector<std::string> topics;
  /// Also every topic that the group has committed or is assigned.
  bool and_committed = true;
  lag_start start = lag_start::earliest;
  /// For reading the oldest unprocessed record of every partition, together.
  std::chrono::milliseconds reading_time = std::chrono::seconds{3};
};

/// Asks for lags; keeps its connections between calls. Not thread-safe.
class lag_reader {
 public:
  /// Builds the clients; does not wait for a broker.
  [[nodiscard]] static result<std::unique_ptr<lag_reader>> open(const settings& config,
                                                                const log_handle& log);

  /// The lag of every partition asked for, by topic and partition. A topic with a commit that does
  /// not exist any more is noted, a topic asked for by name that does not exist is a failure.
  [[nodiscard]] result<std::vector<partition_lag>> read(const lag_request& request);

 private:
  lag_reader(std::unique_ptr<admin_client> admin, std::unique_ptr<topic_reader> reader);

  std::unique_ptr<admin_client> admin_;
  std::unique_ptr<topic_reader> reader_;
};

} // namespace streamer
