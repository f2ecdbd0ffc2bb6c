// Which partitions do not move, and why.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamer {

/// What a partition that does not move waits for.
enum class stall_cause : std::uint8_t {
  dlq_guard,   ///< the DLQ guard holds its failing records
  dlq,         ///< the dead letter topic does not take a record
  output,      ///< brokers do not acknowledge what was emitted
  handler,     ///< a handler has its records and does not end
  retry,       ///< failing records whose next attempt lies in the future
  tenant_held, ///< a tenant filled its share of the window
  no_credit,   ///< the window or the memory budget is used up by other partitions
  brokers,     ///< no broker answers
  fetch,       ///< nothing is in the way, and a fetch brings nothing although there is more
  commit,      ///< all is done and its commit is not answered
};

/// dlq_guard, dlq, output, handler, retry, tenant_held, no_credit, brokers, fetch, commit.
[[nodiscard]] std::string_view to_string(stall_cause cause);

/// One assigned partition at one moment.
struct partition_work {
  std::string topic;
  std::int32_t partition = 0;
  /// Any number that changes when records come or end.
  std::uint64_t progress = 0;
  std::uint64_t unfetched = 0;
  std::uint64_t at_handlers = 0;
  std::uint64_t waiting_retry = 0;
  std::uint64_t waiting_dlq = 0;
  std::uint64_t held = 0;
  std::uint64_t done_uncommitted = 0;

  [[nodiscard]] std::uint64_t lag() const {
    return unfetched + at_handlers + waiting_retry + waiting_dlq + held + done_uncommitted;
  }
};

/// The process around them.
struct process_work {
  bool connected = true;
  bool guard_holds = false;
  bool credit_used_up = false;
  bool outputs_waiting = false; ///< emitted events that are not acknowledged
};

/// The nearest cause: what keeps the records that came first.
[[nodiscard]] stall_cause cause_of(const partition_work& partition, const process_work& process);

/// A partition that stands still.
struct stall {
  std::string topic;
  std::int32_t partition = 0;
  stall_cause cause = stall_cause::fetch;
  std::uint64_t lag = 0;
  std::chrono::milliseconds lasts{0};
};

/// What has changed since the last sample.
struct stall_changes {
  std::vector<stall> begun; ///< or has another cause now
  std::vector<stall> ended; ///< with the cause that they had; before one with another cause begins
};

/// What is to be done about partitions whose fetches bring nothing.
struct fetch_remedies {
  std::vector<stall> read_again; ///< from where they are
  bool renew_client = false;     ///< that has not helped one of them: the client is to be replaced
};

/// Finds partitions with lag that have not moved for `max_stall`. A partition's cause is told once,
/// and looked at again after another `max_stall`. Not thread-safe; `now` must not go backwards.
class stall_watch {
 public:
  using clock = std::chrono::steady_clock;

  explicit stall_watch(std::chrono::milliseconds max_stall) : max_stall_{max_stall} {}

  /// To be given all assigned partitions, several times within max_stall.
  stall_changes sample(clock::time_point now, const std::vector<partition_work>& partitions,
                       const process_work& process);

  /// How long each partition had not moved at the last sample, `now`.
  [[nodiscard]] std::map<std::pair<std::string, std::int32_t>, std::chrono::milliseconds> still_for(
      clock::time_point now) const;

  /// Partitions that stand still because a fetch brings nothing are read anew, once every
  /// `max_stall` each. Where that has not helped twice, the client is replaced instead, which reads
  /// all of them anew; then it begins from the front.
  [[nodiscard]] fetch_remedies remedies(clock::time_point now);

 private:
  struct watched {
    std::uint64_t progress = 0;
    std::uint64_t lag = 0;
    clock::time_point moved;
    std::optional<stall_cause> standing;
    clock::time_point told; ///< when `standing` was
    std::optional<clock::time_point> read_again;
    int rereads = 0; ///< that did not help
    bool seen = true;
  };
  using key = std::pair<std::string, std::int32_t>;

  std::chrono::milliseconds max_stall_;
  std::map<key, watched> partitions_;
};

} // namespace streamer
