#include "runtime/system/worker_stalls.hpp"

#include <algorithm>

namespace streamer {
namespace {

constexpr std::chrono::milliseconds longest_interval{1'000};

// What stands still because somebody wants it to is no stall.
bool paused_by_operator(const partition_account& account, const consumer_status& source) {
  const auto& lag = account.state->lag;
  const bool tenant = account.state->tenant_paused && lag.in_flight == 0 && lag.waiting_dlq == 0;
  return tenant || std::ranges::any_of(source.partitions, [&](const auto& p) {
           return (p.stopped || p.moving) && p.tp.topic == account.topic &&
                  p.tp.partition.value() == account.partition;
         });
}

partition_work work_of(const partition_account& account) {
  const auto& n = account.records;
  const auto& lag = account.state->lag;
  return {account.topic,
          account.partition,
          n.received + n.processed + n.skipped + n.dead_lettered + n.fenced + n.already_done,
          lag.unfetched + lag.fetched,
          lag.queued + lag.in_flight,
          lag.waiting_retry,
          lag.waiting_dlq,
          lag.held,
          lag.done_uncommitted};
}

} // namespace

worker_stalls::worker_stalls(std::chrono::milliseconds max_stall,
                             std::shared_ptr<telemetry> metrics, const log_handle& log)
    : interval_{std::min(longest_interval, max_stall / 4)},
      watch_{max_stall},
      metrics_{std::move(metrics)},
      log_{log.with("stalls")} {}

bool worker_stalls::due(clock::time_point now) {
  if (now - looked_at_ < interval_) {
    return false;
  }
  looked_at_ = now;
  return true;
}

void worker_stalls::look(clock::time_point now, consumer_client& source,
                         const std::vector<partition_account>& accounts,
                         const process_work& process) {
  std::vector<partition_work> partitions;
  const auto status = source.status();
  for (const auto& account : accounts) {
    if (account.state && !paused_by_operator(account, status)) {
      partitions.push_back(work_of(account));
    }
  }
  tell(watch_.sample(now, partitions, process));
  {
    const std::lock_guard lock{mutex_};
    still_ = watch_.still_for(now);
  }
  remedy(source, watch_.remedies(now));
}

worker_stalls::times worker_stalls::still() const {
  const std::lock_guard lock{mutex_};
  return still_;
}

gauge_ref worker_stalls::gauge_of(const stall& s) const {
  return metrics_->gauge(metric::stalled_partitions, {{"topic", s.topic},
                                                      {"partition", std::to_string(s.partition)},
                                                      {"cause", to_string(s.cause)}});
}

void worker_stalls::tell(const stall_changes& changes) {
  for (const auto& s : changes.ended) {
    gauge_of(s).set(0);
    log_.info("partition_moves", "a partition that stood still moves, or waits for another",
              {{"topic", s.topic},
               {"partition", s.partition},
               {"cause", to_string(s.cause)},
               {"lasted_ms", s.lasts.count()}});
  }
  for (const auto& s : changes.begun) {
    gauge_of(s).set(1);
    log_.warn("partition_stalled", "a partition has lag and does not move",
              {{"topic", s.topic},
               {"partition", s.partition},
               {"cause", to_string(s.cause)},
               {"lag", s.lag},
               {"stands_ms", s.lasts.count()}});
  }
}

void worker_stalls::remedy(consumer_client& source, const fetch_remedies& due) {
  if (due.renew_client) {
    source.renew_fetching();
  }
  for (const auto& s : due.read_again) {
    for (const auto& p : source.status().partitions) {
      if (p.tp.topic == s.topic && p.tp.partition.value() == s.partition && !p.paused &&
          !p.leaving) {
        source.read_again(p.epoch);
      }
    }
  }
}

} // namespace streamer
