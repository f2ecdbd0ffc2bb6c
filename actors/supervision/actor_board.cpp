#include "actors/supervision/actor_board.hpp"

#include <algorithm>

namespace streamer {
namespace {

constexpr std::size_t most_failures = 1000;
constexpr std::size_t longest_reason = 300;

} // namespace

void actor_board::put(row r) {
  const std::lock_guard lock{mutex_};
  auto name = r.name;
  rows_.insert_or_assign(std::move(name), std::move(r));
}

void actor_board::remove(const std::string& name) {
  const std::lock_guard lock{mutex_};
  rows_.erase(name);
}

void actor_board::put_budget(const std::string& of, restart_intensity budget) {
  const std::lock_guard lock{mutex_};
  budgets_.insert_or_assign(of, std::move(budget));
}

void actor_board::put_failure(const std::string& name, failure f) {
  if (f.reason.size() > longest_reason) {
    f.reason.resize(longest_reason);
  }
  const std::lock_guard lock{mutex_};
  failures_.insert_or_assign(name, std::move(f));
  if (failures_.size() > most_failures) {
    failures_.erase(std::min_element(
        failures_.begin(), failures_.end(),
        [](const auto& one, const auto& other) { return one.second.at < other.second.at; }));
  }
}

std::vector<actor_board::row> actor_board::rows_now() const {
  std::vector<row> result;
  result.reserve(rows_.size());
  for (const auto& [name, r] : rows_) {
    result.push_back(r);
  }
  return result;
}

std::vector<actor_board::row> actor_board::rows() const {
  const std::lock_guard lock{mutex_};
  return rows_now();
}

actor_board::contents actor_board::all() const {
  const std::lock_guard lock{mutex_};
  return {rows_now(), budgets_, failures_};
}

std::map<std::string, std::int64_t> actor_board::mailbox_depths() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, std::int64_t> depths;
  for (const auto& [name, r] : rows_) {
    if (r.vitals) {
      depths[r.kind] += r.vitals->mailbox_depth();
    }
  }
  return depths;
}

std::optional<actor_board::row> actor_board::any_of(const std::string& kind) const {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const auto& r) { return r.second.kind == kind; });
  return found == rows_.end() ? std::nullopt : std::optional<row>{found->second};
}

} // namespace streamer
