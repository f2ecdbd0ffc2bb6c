// Every commit that a group ever made, from Kafka's own log of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamer::test {

/// One commit as the coordinator stored it. A sampler would miss those between two samples.
struct commit_event {
  std::string group;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string metadata;
  std::int64_t commit_ms = 0; ///< the broker's clock when the request arrived, ms since 1970
};

/// The commits of `group` for `topic`, in the order in which they were made per partition. Reads
/// `__consumer_offsets`; young entries are not compacted away (the active segment never is).
[[nodiscard]] std::vector<commit_event> commit_history(const std::string& bootstrap,
                                                       const std::string& group,
                                                       const std::string& topic);

/// Reads one record of `__consumer_offsets`; absent if it is not an offset commit, or deletes one.
[[nodiscard]] std::optional<commit_event> parse_commit(std::string_view key,
                                                       std::optional<std::string_view> value);

} // namespace streamer::test
