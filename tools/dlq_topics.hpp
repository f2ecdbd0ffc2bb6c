// Which DLQ topics the dlq commands look at, and where their unresolved records begin.
#pragma once

#include <string>
#include <vector>

#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/topic_reader.hpp"
#include "tools/command.hpp"

namespace streamer::tools {

/// The DLQ topics of consumer.topics that exist, by name; patterns are matched against the topics
/// of the cluster. Fails if none exists.
[[nodiscard]] result<std::vector<std::string>> existing_dlq_topics(admin_client& admin,
                                                                   const settings& config);

/// What of a DLQ topic is to be shown: all, or from what group `{group}.dlq` has resolved on.
[[nodiscard]] result<std::vector<read_range>> unresolved_ranges(admin_client& admin,
                                                                const settings& config,
                                                                const std::string& topic, bool all);

} // namespace streamer::tools
