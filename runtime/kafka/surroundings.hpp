// Asks the cluster for all that `streamer doctor` judges.
#pragma once

#include "config/settings.hpp"
#include "runtime/checks/doctor.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/logging/log.hpp"

namespace streamer {

/// Whether the group's coordinator is asked, too. A worker leaves it: where that answer comes just
/// as the client gives the request up, librdkafka 2.14 reads what it has freed (ThreadSanitizer saw
/// it under injected errors). What a member may not do, its own joining says.
enum class coordinator : bool { left_alone, asked };

/// What the cluster tells of this configuration's topics, group and brokers. Blocks for a few of
/// the client's timeouts at most; what cannot be asked is in the facts.
[[nodiscard]] cluster_facts ask_cluster(const settings& config, admin_client& cluster,
                                        coordinator group);

/// What the memory budget makes of record sizes.
[[nodiscard]] size_limits sizes_for(const settings& config);

} // namespace streamer
