// Reading and arranging a real cluster without any code of the product: topics, records, groups.
#pragma once

#include "tests/support/common.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer::test {

/// A header as a record has it; the value may be null.
struct header {
  std::string name;
  std::optional<std::string> value;
  friend bool operator==(const header&, const header&) = default;
};

/// A record as it lies in a topic.
struct stored_record {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<header> headers;

  /// The last header of this name; absent if there is none or it is null.
  [[nodiscard]] std::optional<std::string> header_value(std::string_view name) const;
};

/// Which records a reader sees.
enum class visibility { committed_only, everything };

/// Reads all that each partition of a topic holds now, in offset order per partition. Fails the
/// test when that takes longer than `timeout`.
[[nodiscard]] std::vector<stored_record> read_topic(const std::string& bootstrap,
                                                    const std::string& topic,
                                                    visibility sees = visibility::committed_only,
                                                    milliseconds timeout = 30s);

using topic_properties = std::map<std::string, std::string>;

/// Creates a topic and waits until its partitions have leaders. Fails the test otherwise.
void create_topic(const std::string& bootstrap, const std::string& topic, int partitions,
                  const topic_properties& properties = {}, int replication = -1);

/// Changes properties of a topic.
void alter_topic(const std::string& bootstrap, const std::string& topic,
                 const topic_properties& properties);

/// First and next offset of each partition (next: the high watermark).
struct partition_ends {
  std::int64_t first = 0;
  std::int64_t next = 0;
};
[[nodiscard]] std::map<std::int32_t, partition_ends> topic_ends(const std::string& bootstrap,
                                                                const std::string& topic);

/// What a group has committed for one partition.
struct committed_position {
  std::int64_t offset = -1; ///< -1: nothing
  std::string metadata;
};
[[nodiscard]] std::map<std::int32_t, committed_position> committed_positions(
    const std::string& bootstrap, const std::string& group, const std::string& topic);

/// One member of a group and the partitions it has.
struct group_member {
  std::string member_id;
  std::string client_id;
  std::string instance_id;
  std::vector<std::int32_t> partitions;
};
/// A group as its coordinator describes it; state as Kafka's tools name it ("Stable").
struct group_state {
  std::string state;
  std::vector<group_member> members;
};
[[nodiscard]] group_state describe_group(const std::string& bootstrap, const std::string& group);

/// Waits until the group has `members` members and they have all of `partitions` between them.
[[nodiscard]] bool wait_for_members(const std::string& bootstrap, const std::string& group,
                                    std::size_t members, std::size_t partitions,
                                    milliseconds timeout);

/// Records between the committed offsets and the high watermarks, summed; a partition without a
/// commit counts from its start.
[[nodiscard]] std::int64_t group_lag(const std::string& bootstrap, const std::string& group,
                                     const std::string& topic);

/// Waits until `group_lag` is 0.
[[nodiscard]] bool wait_for_zero_lag(const std::string& bootstrap, const std::string& group,
                                     const std::string& topic, milliseconds timeout);

} // namespace streamer::test
