// Which topics a configuration names.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace streamer::tools {

/// A topic and what it is for.
struct named_topic {
  std::string name;
  std::set<std::string> uses; ///< input, events, dlq, forward, http
};

/// What `topics` works on.
struct configured_topics {
  std::vector<named_topic> topics;   ///< by name, each once
  std::vector<std::string> patterns; ///< of consumer.topics: they name no topic
};

/// Inputs, their DLQ topics, producer.events_topic, and what `forward` and `http` handlers write
/// to.
[[nodiscard]] configured_topics topics_of(const settings& config);

} // namespace streamer::tools
