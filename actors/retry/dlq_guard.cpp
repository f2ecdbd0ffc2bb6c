#include "actors/retry/dlq_guard.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace streamer {

std::size_t tenants_of_an_outage(std::size_t at_work, double share) {
  constexpr std::size_t fewest = 3;
  constexpr std::size_t enough = 5;
  if (at_work < 2) {
    return at_work + 1;
  }
  const auto part = static_cast<std::size_t>(std::ceil(share * static_cast<double>(at_work)));
  return std::max(std::min(fewest, at_work), std::min(part, enough));
}

bool may_be_an_outage(failure_class cause) {
  switch (cause) {
    case failure_class::handler:
    case failure_class::exception:
    case failure_class::timeout:
    case failure_class::output_refused:
    case failure_class::abandoned: return true;
    default: return false;
  }
}

void dlq_guard::observe(std::uint64_t successes, std::uint64_t just_now, std::size_t tenants) {
  successes_ = successes;
  successes_before_ = successes - std::min(just_now, successes);
  tenants_ = tenants;
}

bool dlq_guard::holds(clock::time_point now, std::uint64_t tenant, std::string_view failure) {
  forget_old(now);
  remember({now, successes_before_, tenant, std::string{failure}});
  latest_.push_back({now, successes_before_});
  if (latest_.size() > limits_.sample) {
    latest_.pop_front();
  }
  if (holding_) {
    return true;
  }
  alarm_ = outage();
  if (!alarm_) {
    return false;
  }
  holding_ = true;
  successes_at_trip_ = successes_;
  passed_ = 0;
  probing_ = false;
  pause_ = limits_.first_probe;
  next_probe_ = now + pause_;
  return true;
}

bool dlq_guard::suspects() const {
  if (holding_ || tenants_ < 2 || latest_.size() < limits_.sample) {
    return false;
  }
  const auto failed = static_cast<double>(latest_.size());
  const auto meanwhile = static_cast<double>(successes_ - latest_.front().successes_before);
  return failed / (failed + meanwhile) >= limits_.share;
}

std::optional<guard_alarm> dlq_guard::take_alarm() { return std::exchange(alarm_, std::nullopt); }

// The sample has room for as many tenants as an outage takes: the failures of one come together,
// and must not hide those of the others.
void dlq_guard::remember(failure_seen seen) {
  const auto of_tenant = [&](const failure_seen& f) { return f.tenant == seen.tenant; };
  const auto known = std::count_if(recent_.begin(), recent_.end(), of_tenant);
  const auto needed = tenants_of_an_outage(std::max<std::size_t>(1, tenants_), limits_.share);
  if (static_cast<std::size_t>(known) >= (limits_.sample + needed - 1) / needed) {
    recent_.erase(std::find_if(recent_.begin(), recent_.end(), of_tenant));
  } else if (recent_.size() >= limits_.sample) {
    recent_.pop_front();
  }
  recent_.push_back(std::move(seen));
}

void dlq_guard::forget_old(clock::time_point now) {
  while (!recent_.empty() && now - recent_.front().at > limits_.window) {
    recent_.pop_front();
  }
  while (!latest_.empty() && now - latest_.front().at > limits_.window) {
    latest_.pop_front();
  }
}

std::uint64_t dlq_guard::successes_meanwhile() const {
  return recent_.empty() ? 0 : successes_ - recent_.front().successes_before;
}

std::optional<guard_alarm> dlq_guard::outage() const {
  if (recent_.size() < limits_.sample) {
    return std::nullopt;
  }
  std::map<std::string_view, std::pair<std::size_t, std::set<std::uint64_t>>> kinds;
  std::set<std::uint64_t> tenants;
  for (const auto& f : recent_) {
    auto& [count, of] = kinds[f.failure];
    ++count;
    of.insert(f.tenant);
    tenants.insert(f.tenant);
  }
  const auto worst = std::max_element(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return a.second.first < b.second.first;
  });
  const auto outcomes = static_cast<double>(recent_.size() + successes_meanwhile());
  const auto& [count, of] = worst->second;
  const auto share = static_cast<double>(count) / outcomes;
  const auto at_work = std::max(tenants_, tenants.size());
  if (share < limits_.share || of.size() < tenants_of_an_outage(at_work, limits_.share)) {
    return std::nullopt;
  }
  return guard_alarm{std::string{worst->first}, share, of.size(), count};
}

bool dlq_guard::probe_due(clock::time_point now) const {
  return holding_ && !probing_ && now >= next_probe_;
}

void dlq_guard::probe_started() { probing_ = true; }

void dlq_guard::probe_lost() { probing_ = false; }

void dlq_guard::probe_failed(clock::time_point now) {
  probing_ = false;
  passed_ = 0;
  pause_ = std::min(pause_ * 2, limits_.longest_pause);
  next_probe_ = now + pause_;
}

void dlq_guard::probe_succeeded(clock::time_point now) {
  probing_ = false;
  pause_ = limits_.first_probe;
  next_probe_ = now;
  if (holding_ && ++passed_ >= limits_.probes_to_resume) {
    resume();
  }
}

// A lower bar than the one that tripped it, and on evidence of its own: it must not swing.
bool dlq_guard::resume_if_others_succeed(clock::time_point now) {
  if (!holding_) {
    return false;
  }
  forget_old(now);
  const auto since_trip = successes_ - successes_at_trip_;
  const auto meanwhile = recent_.empty() ? since_trip : successes_meanwhile();
  const auto failed = static_cast<double>(recent_.size());
  const auto share = failed / (failed + static_cast<double>(meanwhile));
  if (since_trip < limits_.sample || share > limits_.share / 2) {
    return false;
  }
  resume();
  return true;
}

void dlq_guard::resume() {
  holding_ = false;
  recent_.clear();
  latest_.clear();
}

} // namespace streamer
