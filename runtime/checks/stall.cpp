#include "runtime/checks/stall.hpp"

namespace streamer {
namespace {

constexpr int most_rereads = 2;

std::chrono::milliseconds since(stall_watch::clock::time_point from,
                                stall_watch::clock::time_point now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - from);
}

} // namespace

std::string_view to_string(stall_cause cause) {
  switch (cause) {
    case stall_cause::dlq_guard: return "dlq_guard";
    case stall_cause::dlq: return "dlq";
    case stall_cause::output: return "output";
    case stall_cause::handler: return "handler";
    case stall_cause::retry: return "retry";
    case stall_cause::tenant_held: return "tenant_held";
    case stall_cause::no_credit: return "no_credit";
    case stall_cause::brokers: return "brokers";
    case stall_cause::fetch: return "fetch";
    case stall_cause::commit: return "commit";
  }
  return "fetch";
}

stall_cause cause_of(const partition_work& partition, const process_work& process) {
  if (partition.waiting_retry > 0 && process.guard_holds) {
    return stall_cause::dlq_guard;
  }
  if (partition.waiting_dlq > 0) {
    return stall_cause::dlq;
  }
  if (partition.at_handlers > 0) {
    return process.outputs_waiting ? stall_cause::output : stall_cause::handler;
  }
  if (partition.waiting_retry > 0) {
    return stall_cause::retry;
  }
  if (partition.held > 0) {
    return stall_cause::tenant_held;
  }
  if (!process.connected) {
    return stall_cause::brokers;
  }
  if (partition.unfetched > 0) {
    return process.credit_used_up ? stall_cause::no_credit : stall_cause::fetch;
  }
  return stall_cause::commit;
}

stall_changes stall_watch::sample(clock::time_point now,
                                  const std::vector<partition_work>& partitions,
                                  const process_work& process) {
  stall_changes changes;
  for (auto& [name, w] : partitions_) {
    w.seen = false;
  }
  const auto end = [&](const key& name, watched& w) {
    if (w.standing) {
      changes.ended.push_back({name.first, name.second, *w.standing, w.lag, since(w.moved, now)});
      w.standing.reset();
      w.read_again.reset();
      w.rereads = 0;
    }
  };
  for (const auto& p : partitions) {
    const key name{p.topic, p.partition};
    const auto [place, fresh] = partitions_.try_emplace(name);
    auto& w = place->second;
    w.seen = true;
    if (fresh || p.progress != w.progress || p.lag() == 0) {
      end(name, w);
      w.moved = now;
    }
    w.progress = p.progress;
    w.lag = p.lag();
    if (w.lag == 0 || now - w.moved < max_stall_) {
      continue;
    }
    const auto cause = cause_of(p, process);
    // A record between two attempts is now here, now there: that is not worth a line each.
    const bool settled = !w.standing || now - w.told >= max_stall_;
    if (w.standing != cause && settled) {
      end(name, w);
      w.standing = cause;
      w.told = now;
      changes.begun.push_back({p.topic, p.partition, cause, w.lag, since(w.moved, now)});
    }
  }
  for (auto it = partitions_.begin(); it != partitions_.end();) {
    if (it->second.seen) {
      ++it;
      continue;
    }
    end(it->first, it->second);
    it = partitions_.erase(it);
  }
  return changes;
}

std::map<std::pair<std::string, std::int32_t>, std::chrono::milliseconds> stall_watch::still_for(
    clock::time_point now) const {
  std::map<key, std::chrono::milliseconds> result;
  for (const auto& [name, w] : partitions_) {
    result.emplace(name, since(w.moved, now));
  }
  return result;
}

fetch_remedies stall_watch::remedies(clock::time_point now) {
  fetch_remedies due;
  for (auto& [name, w] : partitions_) {
    const bool waits = w.read_again && now - *w.read_again < max_stall_;
    if (w.standing != stall_cause::fetch || waits) {
      continue;
    }
    w.read_again = now;
    if (w.rereads == most_rereads) {
      due.renew_client = true;
    } else {
      ++w.rereads;
      due.read_again.push_back({name.first, name.second, *w.standing, w.lag, since(w.moved, now)});
    }
  }
  if (due.renew_client) {
    due.read_again.clear();
    for (auto& [name, w] : partitions_) {
      if (w.standing == stall_cause::fetch) {
        w.read_again = now;
        w.rereads = 0;
      }
    }
  }
  return due;
}

} // namespace streamer
