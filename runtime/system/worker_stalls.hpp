#pragma once

#include "runtime/checks/stall.hpp"
#include "runtime/kafka/consumer_client.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace streamer {

/// Tells the log and the metrics which partitions stand still, and has those read anew whose
/// fetches bring nothing. One thread, but for `still`.
class worker_stalls {
 public:
  using clock = std::chrono::steady_clock;
  using times = std::map<std::pair<std::string, std::int32_t>, std::chrono::milliseconds>;

  worker_stalls(std::chrono::milliseconds max_stall, std::shared_ptr<telemetry> metrics,
                const log_handle& log);

  /// Whether it is time for another look.
  [[nodiscard]] bool due(clock::time_point now);
  /// `accounts`: with the lag of each partition.
  void look(clock::time_point now, consumer_client& source,
            const std::vector<partition_account>& accounts, const process_work& process);

  /// How long each partition had not moved when last looked at. Any thread.
  [[nodiscard]] times still() const;

 private:
  [[nodiscard]] gauge_ref gauge_of(const stall& s) const;
  void tell(const stall_changes& changes);
  void remedy(consumer_client& source, const fetch_remedies& due);

  const std::chrono::milliseconds interval_;
  stall_watch watch_;
  clock::time_point looked_at_{};
  std::shared_ptr<telemetry> metrics_;
  log_handle log_;
  mutable std::mutex mutex_; // of what follows
  times still_;
};

} // namespace streamer
