// Adds up what each account is paid a day, exactly, although events come at least once.
#pragma once

#include "totals_store.hpp"

#include <streamer/handler.hpp>

#include <functional>
#include <memory>
#include <string>

namespace payments {

/// How long a day stays open for late events.
inline constexpr int open_days = 30;

/// The day of a time in seconds since 1970, as `2026-03-01`, in UTC.
[[nodiscard]] std::string day_of(std::int64_t seconds);

/// Takes `payment.received`: the key is the account, the value `{"cents": N}`, the day is that of
/// the event's own time. Emits the account's new total to a topic.
///
/// It keeps nothing in memory. So it does not matter which worker gets an account next, after a
/// crash, a rebalance or both, nor whether one that was thrown out of the group still runs: each
/// event changes its total once, in one transaction with the note that it has been counted. The
/// note is kept as long as the day is open, and what comes later is rejected, not counted.
class daily_totals {
 public:
  using clock = std::function<std::int64_t()>; ///< seconds since 1970

  daily_totals(std::shared_ptr<totals_store> store, std::string topic, clock now)
      : store_{std::move(store)}, topic_{std::move(topic)}, now_{std::move(now)} {}

  /// Blocks on the database. On any thread.
  [[nodiscard]] streamer::outcome operator()(const streamer::record_view& event,
                                             streamer::emitter& out) const;

 private:
  std::shared_ptr<totals_store> store_;
  std::string topic_;
  clock now_;
};

} // namespace payments
