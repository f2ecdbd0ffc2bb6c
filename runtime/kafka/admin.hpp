// Requests about topics, groups and offsets, one after the other, each with a deadline.
#pragma once

#include "config/settings.hpp"
#include "messages/ids.hpp"
#include "runtime/checks/facts.hpp"
#include "runtime/kafka/admin_types.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace streamer {

/// Version of librdkafka as it runs: `2.14.2`.
[[nodiscard]] std::string kafka_client_version();

/// Whether a subscription's pattern (`^…`) takes a topic, as librdkafka sees it: a POSIX extended
/// regular expression, found anywhere in the name. One that is none takes nothing.
[[nodiscard]] bool pattern_takes(const std::string& pattern, const std::string& topic);

/// Brokers, and the configuration of one of them.
struct broker_facts {
  std::int32_t brokers = 0;
  std::set<std::int32_t> ids;            ///< of those that are up
  std::optional<broker_settings> config; ///< absent: may not be seen
};

/// Asks the cluster. Every call blocks until the answer or the timeout, and fails with one line
/// that names the cluster or the value at fault. Not thread-safe but for `cancel`. The embedded
/// cluster answers `topics` and `list_offsets` only.
class admin_client {
 public:
  /// Builds the client; does not wait for a broker. `timeout` bounds each later call.
  [[nodiscard]] static result<std::unique_ptr<admin_client>> open(
      const settings& config, const log_handle& log,
      std::chrono::milliseconds timeout = std::chrono::seconds{10});

  admin_client(const admin_client&) = delete;
  admin_client& operator=(const admin_client&) = delete;
  ~admin_client();

  /// Every topic that is visible, by name; internal ones (`__…`) left out.
  [[nodiscard]] result<std::vector<topic_description>> topics();

  /// One topic; absent if the cluster does not have it.
  [[nodiscard]] result<std::optional<topic_description>> topic(const std::string& name);

  /// What there is to know of topics: rights and configuration included. One entry each.
  [[nodiscard]] result<std::map<std::string, topic_facts>> topic_facts_of(
      const std::vector<std::string>& names);

  /// The brokers as one of them sees them.
  [[nodiscard]] result<broker_facts> broker();

  /// This user's rights to a group; absent if the group is not there yet or the broker does not
  /// tell. Fails with the reason alone if the group may not be described.
  [[nodiscard]] result<std::optional<access_rights>> group_rights(const std::string& group_id);

  /// Makes the call that is under way, and later ones, fail soon. Any thread.
  void cancel();

  /// Creates topics. One answer each, in the order of the request.
  [[nodiscard]] result<std::vector<creation_result>> create_topics(
      std::span<const new_topic> wanted);

  /// Who is in a group. A group that does not exist is described as `dead`, without members.
  [[nodiscard]] result<group_description> describe_group(const std::string& group_id);

  /// All that the group has committed.
  [[nodiscard]] result<std::map<topic_partition, committed_offset>> committed(
      const std::string& group_id);

  /// One offset of each partition. Under `read_committed`, `latest` is the last stable offset.
  /// A partition without an answer (no leader, unknown) is absent.
  [[nodiscard]] result<std::map<topic_partition, listed_offset>> list_offsets(
      std::span<const topic_partition> partitions, offset_query query, isolation level);

  /// Commits these offsets, with their metadata, for a group without members. The broker refuses it
  /// while the group has a member, and metadata beyond its limit (`OFFSET_METADATA_TOO_LARGE` in
  /// the failure's line).
  [[nodiscard]] result<std::size_t> alter_committed(
      const std::string& group_id, const std::map<topic_partition, committed_offset>& offsets);

  /// Deletes the records of partitions before these offsets.
  [[nodiscard]] result<std::size_t> delete_records(
      const std::map<topic_partition, offset_id>& before);

  /// The cluster's id; fails while no broker has told it.
  [[nodiscard]] result<std::string> cluster_id();

  /// A broker did not let this client in; the call that failed says why.
  [[nodiscard]] bool refused() const;
  /// Why, and behind "; " what to do about it; empty if nobody refused it.
  [[nodiscard]] std::string refusal() const;

 private:
  struct connection;
  explicit admin_client(std::unique_ptr<connection> opened);

  std::unique_ptr<connection> connection_;
};

} // namespace streamer
