// Facts to findings: what `streamer doctor` says, and a worker when it starts.
#pragma once

#include "config/settings.hpp"
#include "runtime/checks/facts.hpp"
#include "runtime/checks/finding.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer {

/// Topics that a worker writes to, by what they are for; each once.
struct written_topics {
  std::vector<std::string> dlqs;    ///< of the given inputs
  std::vector<std::string> targets; ///< of `forward`
  std::vector<std::string> lanes;   ///< `{topic}.redrive.{group}` of the given inputs
  std::string suspects;             ///< `{group}.suspects`
};
[[nodiscard]] written_topics topics_written(const settings& config,
                                            const std::vector<std::string>& inputs);

/// All that is judged, worst things not sorted first: in the order in which one would look.
[[nodiscard]] findings judge_surroundings(const settings& config, const cluster_facts& cluster,
                                          const local_facts& local, const size_limits& sizes);

/// Parts of it. Each looks at its own facts alone.
void judge_local(findings& all, const settings& config, const local_facts& local);
void judge_group(findings& all, const settings& config, const cluster_facts& cluster);
void judge_broker(findings& all, const settings& config, const cluster_facts& cluster);
void judge_input(findings& all, const settings& config, const topic_facts& topic,
                 const size_limits& sizes);
void judge_dlq(findings& all, const settings& config, const topic_facts& dlq,
               const topic_facts& input, const cluster_facts& cluster, const size_limits& sizes);
void judge_target(findings& all, const topic_facts& target, const std::vector<topic_facts>& inputs);
void judge_lane(findings& all, const topic_facts& lane, const topic_facts& input);
void judge_suspects(findings& all, const topic_facts& suspects);
void judge_credentials(findings& all, const settings& config, const cluster_facts& cluster);

/// A topic that is there, has leaders, and may be used so; false: there is nothing more to judge.
[[nodiscard]] bool judge_presence(findings& all, const topic_facts& topic, std::string_view role,
                                  access_right needed);

/// A setting as a number; absent if it is not told or is none.
[[nodiscard]] std::optional<std::int64_t> number_in(const std::optional<broker_settings>& config,
                                                    const std::string& name);

/// `604800000` → `7 d`; negative: `for ever`.
[[nodiscard]] std::string duration_text(std::int64_t ms);

} // namespace streamer
