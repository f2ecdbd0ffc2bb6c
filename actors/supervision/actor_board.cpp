#include "actors/supervision/actor_board.hpp"

#include <algorithm>

namespace streamer {

void actor_board::put(row r) {
  const std::lock_guard lock{mutex_};
  auto name = r.name;
  rows_.insert_or_assign(std::move(name), std::move(r));
}

void actor_board::remove(const std::string& name) {
  const std::lock_guard lock{mutex_};
  rows_.erase(name);
}

std::vector<actor_board::row> actor_board::rows() const {
  const std::lock_guard lock{mutex_};
  std::vector<row> result;
  result.reserve(rows_.size());
  for (const auto& [name, r] : rows_) {
    result.push_back(r);
  }
  return result;
}

std::optional<actor_board::row> actor_board::any_of(const std::string& kind) const {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const auto& r) { return r.second.kind == kind; });
  return found == rows_.end() ? std::nullopt : std::optional<row>{found->second};
}

} // namespace streamer
