#pragma once

#include "actors/consumer/credit.hpp"
#include "actors/consumer/record_source.hpp"
#include "actors/consumer/suspect_board.hpp"
#include "actors/consumer/suspect_store.hpp"
#include "actors/consumer/tenant_limiter.hpp"
#include "actors/consumer/tenant_pauses.hpp"
#include "actors/retry/outcome_totals.hpp"
#include "actors/tenant/handler_calls.hpp"
#include "config/settings.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/telemetry/accounts.hpp"
#include "runtime/telemetry/handles.hpp"
#include "runtime/telemetry/telemetry.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace streamer {

/// What the partition consumers of a process know of each other: how many there
/// are, and how many hold records back. Thread-safe.
struct assignment_gauge {
  std::atomic<std::int64_t> assigned{0};
  std::atomic<std::int64_t> holding{0};
};

/// Up while a partition consumer has nothing to do that would come by itself: its supervisor need
/// not send it every tick.
using at_rest_flag = std::shared_ptr<std::atomic<bool>>;

/// Whether runnable work moves, for liveness: work that has been sent to a handler
/// actor and not been read by it. What a handler, a retry or the DLQ waits for is
/// not runnable. Thread-safe.
class progress_gauge {
 public:
  using clock = std::chrono::steady_clock;

  void sent(clock::time_point now) {
    if (unread_.fetch_add(1) == 0) {
      moved_ns_.store(now.time_since_epoch().count());
    }
  }
  void read(clock::time_point now, std::int64_t count = 1) {
    unread_.fetch_sub(count);
    moved_ns_.store(now.time_since_epoch().count());
  }
  /// What was sent ended unread, with the handler that it was sent to.
  void lost() { unread_.fetch_sub(1); }
  /// The scheduler has run a timer.
  void ticked(clock::time_point now) { ticked_ns_.store(now.time_since_epoch().count()); }

  [[nodiscard]] bool runnable() const { return unread_.load() > 0; }
  [[nodiscard]] clock::time_point last_moved() const { return at(moved_ns_); }
  [[nodiscard]] clock::time_point last_tick() const { return at(ticked_ns_); }

 private:
  static clock::time_point at(const std::atomic<std::int64_t>& ns) {
    return clock::time_point{std::chrono::nanoseconds{ns.load()}};
  }

  std::atomic<std::int64_t> unread_{0};
  std::atomic<std::int64_t> moved_ns_{0};
  // A timer that has yet to run is not one that stands still.
  std::atomic<std::int64_t> ticked_ns_{clock::now().time_since_epoch().count()};
};

/// What every partition consumer of a worker shares. Immutable but for the
/// thread-safe parts behind pointers.
struct consumer_context {
  consumer_settings consumer;
  tenant_settings tenants;
  std::uint64_t lane_seed = 0; ///< random per process: nobody can aim at hash collisions
  std::shared_ptr<record_source> source;
  std::shared_ptr<credit_pool> credit;
  std::shared_ptr<const tenant_limiters> limiters; ///< null: no tenant has limits
  std::shared_ptr<tenant_pauses> pauses = std::make_shared<tenant_pauses>();
  /// How long what runs may take to end when an operator pauses or moves its partition: no handler
  /// has a longer time, so that nothing is fenced that would end by itself.
  std::chrono::milliseconds longest_attempt{37'000};
  std::shared_ptr<assignment_gauge> assignment = std::make_shared<assignment_gauge>();
  std::shared_ptr<progress_gauge> progress = std::make_shared<progress_gauge>();
  std::shared_ptr<outcome_totals> totals = std::make_shared<outcome_totals>();
  std::shared_ptr<account_board> accounts;
  std::shared_ptr<telemetry> metrics;
  std::shared_ptr<suspect_board> suspects = std::make_shared<suspect_board>();
  std::shared_ptr<suspect_store> suspect_marks; ///< null: none but this process's own
  std::shared_ptr<handler_calls> calls = std::make_shared<handler_calls>();
  /// How a key is named to people: a keyed hash. Thread-safe; null: not at all.
  std::function<std::string(std::string_view)> mark_key;
  log_handle log;
};

using consumer_context_ptr = std::shared_ptr<const consumer_context>;

} // namespace streamer
