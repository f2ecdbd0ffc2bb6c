// What GET /explain answers.
#pragma once

#include "actors/consumer/explained.hpp"
#include "actors/consumer/tenant_pauses.hpp"
#include "config/settings.hpp"
#include "runtime/checks/lag_verdict.hpp"
#include "runtime/http/message.hpp"
#include "runtime/kafka/consumer_status.hpp"
#include "runtime/telemetry/accounts.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace streamer {

/// Everything that the page is made from.
struct explain_facts {
  std::string group_id;
  bool reset_to_end = false; ///< where reading begins without a commit
  consumer_status source;    ///< taken after the answers: it knows at least as much as they
  std::vector<partition_account> accounts;
  std::set<assignment_epoch> asked; ///< those of others, which have just come, are left out
  std::map<assignment_epoch, partition_explained> answers;
  std::map<std::pair<std::string, std::int32_t>, std::chrono::milliseconds> still;
  tenant_pauses::pauses paused_tenants{};
  process_view process;
  bool draining = false;
  std::chrono::system_clock::time_point now{};
};

/// What is asked for: one partition, or all that are assigned.
struct explain_query {
  std::optional<topic_partition> only;
};

/// The query's arguments `topic` and `partition`: both or none. The refusal says what is wrong.
[[nodiscard]] std::variant<explain_query, http_response> read_explain_query(
    const http_request& request);

/// The partitions that are asked for among those that are assigned, without those of `asked`.
[[nodiscard]] std::vector<assignment_epoch> epochs_of(const explain_query& query,
                                                      const consumer_status& source,
                                                      const std::set<assignment_epoch>& asked);

/// 404, for a partition that this worker does not have; names those it has.
[[nodiscard]] http_response not_assigned(const explain_query& query, const consumer_status& source);

/// One JSON object; partitions that matter most come first.
[[nodiscard]] std::string make_explain_page(const explain_query& query, const explain_facts& facts);

} // namespace streamer
