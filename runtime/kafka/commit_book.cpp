#include "runtime/kafka/commit_book.hpp"

#include <utility>

namespace streamer {

void commit_book::enter(commit_request request) {
  const auto epoch = request.epoch;
  const auto waits = waiting_.find(epoch);
  const auto flies = in_flight_.find(epoch);
  if ((waits != waiting_.end() && waits->second.last) ||
      (flies != in_flight_.end() && flies->second.last)) {
    return;
  }
  waiting_.insert_or_assign(epoch, entry{std::move(request)});
}

void commit_book::enter_last(commit_request request) {
  const auto epoch = request.epoch;
  waiting_.insert_or_assign(epoch, entry{.request = std::move(request), .last = true});
}

void commit_book::forget(assignment_epoch epoch) {
  waiting_.erase(epoch);
  if (const auto found = in_flight_.find(epoch); found != in_flight_.end()) {
    found->second.forgotten = true;
  }
}

std::vector<commit_request> commit_book::send() {
  std::vector<commit_request> requests;
  if (!due()) {
    return requests;
  }
  in_flight_.swap(waiting_);
  requests.reserve(in_flight_.size());
  for (const auto& [epoch, flying] : in_flight_) {
    requests.push_back(flying.request);
  }
  return requests;
}

std::vector<commit_result> commit_book::finish(const std::vector<ending>& endings) {
  std::vector<commit_result> told;
  const auto ended = std::exchange(in_flight_, {});
  for (const auto& end : endings) {
    const auto found = ended.find(end.epoch);
    if (found == ended.end() || found->second.forgotten) {
      continue;
    }
    const auto& [request, last, forgotten] = found->second;
    if (!last) {
      told.push_back({end.epoch, request.offset, end.state, end.error});
      continue;
    }
    if (end.state == commit_state::committed || end.state == commit_state::stale) {
      continue;
    }
    auto again = request;
    if (end.state == commit_state::metadata_too_large) {
      again.metadata.clear();
    }
    waiting_.try_emplace(end.epoch, entry{.request = std::move(again), .last = true});
  }
  return told;
}

bool commit_book::settled(assignment_epoch epoch) const {
  const auto flies = in_flight_.find(epoch);
  return !waiting_.contains(epoch) && (flies == in_flight_.end() || flies->second.forgotten);
}

} // namespace streamer
