#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/tenant_pauses.hpp"
#include "actors/supervision/actor_board.hpp"
#include "config/settings.hpp"
#include "runtime/kafka/consumer_status.hpp"
#include "runtime/kafka/producer_client.hpp"
#include "runtime/telemetry/accounts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// What GET /status is made from.
struct status_facts {
  const settings& config;
  consumer_status source;
  producer_status sink;
  std::vector<partition_account> accounts;
  std::vector<actor_board::row> actors;
  const credit_pool& credit;
  std::string metrics_address;
  std::string admin_address;
  std::string inspect_address; ///< empty: not enabled
  bool draining = false;
  tenant_pauses::pauses paused_tenants{};
  std::string_view log_level{}; ///< as it is now
};

/// One JSON object: versions, endpoints, group, assignment with its accounts, supervision
/// tree. Holds no payload, no key and no secret.
[[nodiscard]] std::string make_status_page(const status_facts& facts);

} // namespace streamer
