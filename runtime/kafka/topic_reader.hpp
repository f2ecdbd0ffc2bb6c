// Reads stored records by position, in no group: what `dlq` and the verifications read.
#pragma once

#include "config/settings.hpp"
#include "messages/ids.hpp"
#include "messages/record.hpp"
#include "runtime/kafka/result.hpp"
#include "runtime/logging/log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace streamer {

class admin_client;

/// Part of one partition: [from, to).
struct read_range {
  topic_partition tp;
  offset_id from;
  offset_id to;
};

/// All that the topic's partitions hold now, as a reader under `read_committed` sees it; empty
/// partitions left out. Fails if the topic does not exist.
[[nodiscard]] result<std::vector<read_range>> whole_topic(admin_client& admin,
                                                          const std::string& topic);

/// What a reader does after a record.
enum class read_next : std::uint8_t {
  go_on,
  partition_done, ///< no more of this partition
  stop,           ///< no more at all
};

/// How a reading ended.
struct read_summary {
  std::uint64_t records = 0;
  /// The callback or `cancelled` ended it.
  bool stopped = false;
  /// Read to the end of their range, or as far as the callback wanted. There may have been no
  /// record at all: markers, aborted ones.
  std::set<topic_partition> finished;
  /// Not finished when the time was up.
  std::set<topic_partition> unfinished;
};

/// When to give up.
struct read_limits {
  /// Ends the reading when nothing has arrived for this long.
  std::chrono::milliseconds idle = std::chrono::seconds{30};
  /// Ends it in any case.
  std::chrono::milliseconds total = std::chrono::hours{24};
  /// Asked between records and at least ten times a second; true ends the reading.
  std::function<bool()> cancelled;
};

/// Reads under `read_committed` with `assign`: joins nothing, commits nothing. Holds one record and
/// the client's bounded prefetch in memory. Not thread-safe.
class topic_reader {
 public:
  using record_fn = std::function<read_next(const std::shared_ptr<const detached_records>&)>;

  /// Builds the client; does not wait for a broker.
  [[nodiscard]] static result<std::unique_ptr<topic_reader>> open(const settings& config,
                                                                  const log_handle& log);
  topic_reader(const topic_reader&) = delete;
  topic_reader& operator=(const topic_reader&) = delete;
  ~topic_reader();

  /// Reads `ranges`, each partition in offset order, partitions in any. Where retention has passed
  /// a range's start, reading begins at what is left. Blocks. Fails with one line if a partition
  /// cannot be read; `idle` or `total` running out is no failure, see `unfinished`.
  [[nodiscard]] result<read_summary> read(std::span<const read_range> ranges,
                                          const read_limits& limits, const record_fn& on_record);

 private:
  struct connection;
  explicit topic_reader(std::unique_ptr<connection> opened);

  std::unique_ptr<connection> connection_;
};

} // namespace streamer
