#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/supervision/actor_board.hpp"
#include "runtime/http/health.hpp"
#include "runtime/kafka/consumer_status.hpp"
#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// What the dashboard is told once a second.
struct dashboard_facts {
  std::string_view process; ///< another one after a restart: counters begin anew
  std::string_view group_id;
  consumer_status source;
  std::vector<partition_account> accounts; ///< with whole lags
  std::vector<actor_board::row> actors;
  health_verdict readiness;
  const credit_pool& credit;
  telemetry& metrics;
  std::chrono::system_clock::time_point now;
};

/// How many rows of each kind an event has at most; how many are missing is said beside them.
inline constexpr std::size_t most_event_rows = 300;

/// One JSON object in one line. Counters as they are; who reads it makes rates and percentiles of
/// the differences. No payload, no key, no secret.
[[nodiscard]] std::string make_dashboard_event(const dashboard_facts& facts);

} // namespace streamer
