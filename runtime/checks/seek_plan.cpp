#include "runtime/checks/seek_plan.hpp"

namespace streamer {

std::variant<seek_plan, std::string> plan_seek(const topic_partition& tp, const seek_target& target,
                                               const seek_facts& facts) {
  switch (target.to) {
    case seek_target::kind::earliest: return seek_plan{facts.log_start, {}};
    case seek_target::kind::latest: return seek_plan{facts.end, {}};
    case seek_target::kind::timestamp:
      if (facts.at_time) {
        return seek_plan{*facts.at_time, {}};
      }
      return seek_plan{facts.end, "no record at or after that time: the end"};
    case seek_target::kind::offset: break;
  }
  const offset_id wanted{target.value};
  if (wanted < facts.log_start || wanted > facts.end) {
    return "offset " + std::to_string(target.value) + " is not in the log of " + to_string(tp) +
           ", which reaches from " + std::to_string(facts.log_start.value()) + " to " +
           std::to_string(facts.end.value()) + "; choose one of these, or earliest or latest";
  }
  return seek_plan{wanted, {}};
}

} // namespace streamer
