#include "actors/inspection/inspector.hpp"

#include "actors/supervision/actor_guards.hpp"

#include <algorithm>

namespace streamer {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds shortest_interval{100};
constexpr std::size_t most_actors = 20'000;

std::int64_t restarts_left(const actor_board::contents& all, const actor_board::row& row,
                           clock::time_point now) {
  auto budget = all.budgets.find(row.parent + "/" + row.name);
  if (budget == all.budgets.end()) {
    budget = all.budgets.find(row.parent);
  }
  return budget == all.budgets.end() ? -1 : std::int64_t{budget->second.left(now)};
}

actor_snapshot snapshot_of_row(const actor_board::contents& all, const actor_board::row& row,
                               clock::time_point now) {
  actor_snapshot s;
  s.name = row.name;
  s.kind = row.kind;
  s.parent = row.parent;
  s.restarts = row.restarts;
  s.restarts_left = restarts_left(all, row, now);
  if (const auto failed = all.failures.find(row.name); failed != all.failures.end()) {
    s.last_error = failed->second.reason;
    s.last_error_ms = duration_cast<milliseconds>(now - failed->second.at).count();
  }
  const bool ended = !caf::actor_cast<caf::strong_actor_ptr>(row.address);
  if (ended || !row.vitals) {
    s.state = ended ? "ended" : "unknown";
    return s;
  }
  // Measured on the real clock, whatever the actors' is.
  const auto vitals = row.vitals->read(clock::now());
  s.state = vitals.running ? "running" : vitals.mailbox > 0 ? "ready" : "idle";
  s.mailbox = vitals.mailbox;
  s.message_us = duration_cast<microseconds>(vitals.at_it).count();
  s.handled = vitals.handled;
  return s;
}

} // namespace

tree_snapshot snapshot_of(const actor_board& board, clock::time_point now, std::size_t limit) {
  const auto all = board.all();
  tree_snapshot snapshot;
  snapshot.actors.reserve(std::min(all.rows.size(), limit));
  for (const auto& row : all.rows) {
    if (snapshot.actors.size() == limit) {
      snapshot.omitted = all.rows.size() - limit;
      break;
    }
    snapshot.actors.push_back(snapshot_of_row(all, row, now));
  }
  return snapshot;
}

inspector_state::inspector_state(inspector_actor::pointer self, inspection_context context)
    : self_{self}, context_{std::move(context)} {}

inspector_actor::behavior_type inspector_state::make_behavior() {
  install_guards(self_, context_.log);
  // Who asks is not trusted with more than the answer: its other messages are refused, and that it
  // has gone, or tells this actor to go, means nothing. (`kill` cannot be refused: that is what
  // the supervisor is for.)
  self_->set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
    return caf::make_error(caf::sec::unexpected_message);
  });
  self_->set_error_handler([](caf::scheduled_actor*, caf::error&) {});
  self_->set_down_handler([](const caf::down_msg&) {});
  self_->set_exit_handler([this](const caf::exit_msg& msg) {
    if (msg.source == self_->address()) {
      self_->quit(msg.reason);
    }
  });
  return {[this](const snapshot_request&) { return look(); }};
}

const tree_snapshot& inspector_state::look() {
  const auto now = self_->clock().now();
  if (!looked_at_ || now - *looked_at_ >= shortest_interval) {
    looked_at_ = now;
    latest_ = snapshot_of(*context_.board, now, most_actors);
    latest_.version = context_.version;
    latest_.group_id = context_.group_id;
    latest_.process = context_.process;
    latest_.uptime_ms = duration_cast<milliseconds>(clock::now() - context_.started).count();
  }
  return latest_;
}

} // namespace streamer
