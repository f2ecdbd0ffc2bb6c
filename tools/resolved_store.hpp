// Where it is kept which dead letters are resolved: the commits of group `{group}.dlq`, and the
// compacted topic `{group}.dlq.resolved` for what their metadata has no room for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "runtime/kafka/admin.hpp"
#include "tools/produce/event_output.hpp"
#include "tools/redrive/resolved_codec.hpp"

namespace streamer::tools {

/// Reads and writes it. Every call blocks for as long as the admin client's requests may take. Not
/// thread-safe.
class resolved_store {
 public:
  /// `admin` has to live as long.
  resolved_store(const settings& config, admin_client& admin, log_handle log);
  ~resolved_store();
  resolved_store(const resolved_store&) = delete;
  resolved_store& operator=(const resolved_store&) = delete;

  /// Reads what is known of these DLQ topics. A line if that fails.
  [[nodiscard]] std::optional<std::string> load(const std::vector<std::string>& topics);
  /// Why the compacted topic could not be looked at; empty: it was, or is not there. Who only looks
  /// may go on without it, who sends may not.
  [[nodiscard]] const std::string& without_overflow() const { return without_overflow_; }

  /// What was resolved when it was loaded or saved; nothing of a partition never heard of.
  [[nodiscard]] resolved_set of(const topic_partition& tp) const;

  /// Writes what is resolved of a partition. Fails, with one line and nothing of a group's commit
  /// changed, if somebody else has saved since: two must not send at the same time.
  [[nodiscard]] std::optional<std::string> save(const topic_partition& tp, const resolved_set& set);

 private:
  [[nodiscard]] std::optional<std::string> read_overflow();
  [[nodiscard]] std::optional<std::string> write_windows(const resolved_scope& scope,
                                                         const resolved_set& set,
                                                         const std::vector<std::int64_t>& windows);
  [[nodiscard]] std::optional<std::string> open_overflow();
  [[nodiscard]] const resolved_scope& scope_of(const topic_partition& tp);

  const settings& config_;
  admin_client& admin_;
  log_handle log_;
  std::string group_;
  std::string overflow_topic_;
  std::string without_overflow_;
  bool overflow_exists_ = false;
  std::unique_ptr<event_output> output_;
  std::size_t metadata_limit_ = default_metadata_limit;
  std::string cluster_id_;
  std::map<std::string, std::string> topic_ids_;
  std::map<topic_partition, resolved_scope> scopes_;
  std::map<topic_partition, resolved_set> sets_;
  std::map<topic_partition, std::pair<offset_id, std::string>> committed_; ///< as last seen
  std::map<window_place, std::string> windows_;                            ///< as they are stored
};

/// Name of the group whose commits say what is resolved.
[[nodiscard]] std::string resolved_group_of(const std::string& group_id);
/// Name of the topic for what they have no room for.
[[nodiscard]] std::string resolved_topic_of(const std::string& group_id);

} // namespace streamer::tools
