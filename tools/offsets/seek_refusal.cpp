#include "tools/offsets/seek_refusal.hpp"

#include <algorithm>

#include "tools/text/numbers.hpp"

namespace streamer::tools {
namespace {

constexpr std::size_t most_named = 3;

std::string named(const group_member& member) {
  const auto where = member.host.starts_with('/') ? member.host.substr(1) : member.host;
  return (member.instance_id.empty() ? member.client_id
                                     : member.client_id + " (static " + member.instance_id + ")") +
         " at " + where;
}

} // namespace

std::optional<std::string> refusal_of(const group_description& group,
                                      std::chrono::milliseconds session_timeout) {
  if (!group.active()) return std::nullopt;
  std::string line =
      "group '" + group.group_id + "' is active (" + std::string{to_string(group.state)} + ", " +
      std::to_string(group.members.size()) + (group.members.size() == 1 ? " member" : " members");
  for (std::size_t i = 0; i < std::min(most_named, group.members.size()); ++i) {
    line += (i == 0 ? ": " : ", ") + named(group.members[i]);
  }
  if (group.members.size() > most_named) {
    line += ", and " + std::to_string(group.members.size() - most_named) + " more";
  }
  line += "); stop them first";
  const bool has_static = std::ranges::any_of(
      group.members, [](const group_member& member) { return !member.instance_id.empty(); });
  if (!has_static) return line;
  line +=
      ". A static member stays in the group after its process has ended, for its session timeout";
  // Under the new protocol that time is the broker's, and it tells nobody.
  line += group.new_protocol ? " (group.consumer.session.timeout.ms of the brokers)"
                             : " (" + shown_duration(session_timeout) + " by this configuration)";
  return line;
}

} // namespace streamer::tools
