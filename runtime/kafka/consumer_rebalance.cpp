// consumer_loop: what the group gives and takes, and what is committed to it.
#include "runtime/kafka/consumer_loop.hpp"

#include "actors/consumer/redrive_lane.hpp"
#include "runtime/kafka/admin.hpp"
#include "runtime/kafka/memory_split.hpp"

#include <algorithm>
#include <utility>
#include "messages/planted_bugs.hpp"

namespace streamer {
namespace {

using std::chrono::milliseconds;

// Beyond consumer.drain_timeout_ms: the drain's owner answers at the deadline, not before it.
constexpr milliseconds drain_grace{1'500};
constexpr milliseconds last_commit_budget{3'000};
constexpr milliseconds retry_interval{250};
// A refused last commit would otherwise be repeated as fast as the coordinator answers.
constexpr milliseconds last_commit_retry{50};

// The client queues twice its prefetch at most, unless a single batch is larger.
std::size_t largest_batch(const consumer_settings& config) {
  constexpr std::int64_t promised = 16LL << 20;
  const auto prefetch = split_memory(config.memory_budget_mib).prefetch_bytes;
  return static_cast<std::size_t>(std::max(promised, 2 * prefetch));
}

std::string names(const std::vector<topic_partition>& partitions) {
  std::string text;
  for (const auto& tp : partitions) {
    if (text.size() > 400) {
      return text + " …";
    }
    text += (text.empty() ? "" : " ") + to_string(tp);
  }
  return text;
}

} // namespace

// A lane that does not exist yet is found by the next look at the brokers' metadata, like any other
// topic of the subscription.
std::string consumer_loop::subscribe() {
  auto topics = settings_.topics;
  const auto naming = settings_.group_protocol == group_protocol_kind::consumer
                          ? lane_naming::by_pattern
                          : lane_naming::by_name;
  lanes_ = lane_subscriptions(settings_.topics, settings_.group_id, naming);
  topics.insert(topics.end(), lanes_.begin(), lanes_.end());
  return member_->subscribe(topics);
}

std::string consumer_loop::lane_source_of(const std::string& topic) const {
  const bool named = std::ranges::find(settings_.topics, topic) != settings_.topics.end();
  return named ? std::string{} : lane_source(topic, settings_.group_id).value_or("");
}

// A wide pattern takes other groups' lanes too. They stay unread, and with them nothing is
// committed: their records are not for this group.
void consumer_loop::forget_foreign_lanes(std::vector<topic_partition>& partitions) {
  const auto input = [this](std::string_view name) {
    return std::ranges::any_of(settings_.topics, [&](const std::string& topic) {
      return topic == name || (topic.starts_with('^') && pattern_takes(topic, std::string{name}));
    });
  };
  const auto gone = std::erase_if(partitions, [&](const topic_partition& tp) {
    return lane_source_of(tp.topic).empty() &&
           is_foreign_lane(tp.topic, settings_.group_id, settings_.topics, input);
  });
  if (gone > 0) {
    log_.warn("foreign_lanes_ignored",
              "a pattern of consumer.topics takes redrive lanes of other groups: they are not read",
              {{"partitions", gone}});
  }
}

void consumer_loop::on_group_assigned(std::vector<topic_partition> partitions) {
  ++draft_.assignments;
  draft_.joined = true;
  log_.info("partitions_assigned", "the group assigns partitions",
            {{"count", partitions.size()}, {"partitions", names(partitions)}});
  // A client that is about to leave takes up nothing new.
  if (!renewing_) {
    forget_foreign_lanes(partitions);
    want_offsets(std::move(partitions));
  }
}

void consumer_loop::on_group_revoking(std::vector<topic_partition> partitions) {
  ++draft_.revocations;
  log_.info("partitions_revoking", "the group takes partitions away; draining them",
            {{"count", partitions.size()}, {"partitions", names(partitions)}});
  // Otherwise they are being given up already, with all others.
  if (!renewing_) {
    begin_revocation(partitions);
  }
}

void consumer_loop::begin_revocation(const std::vector<topic_partition>& partitions) {
  forget_wanted(partitions);
  end_pauses(partitions);
  const auto leaving = epochs_of(partitions);
  std::vector<route*> changed;
  std::vector<assignment_epoch> told;
  for (const auto epoch : leaving) {
    auto& r = *routes_.find(epoch);
    r.leaving = true;
    changed.push_back(&r);
    r.released = r.released || r.restarting; // nobody is at work on it
    if (!r.released) {
      told.push_back(epoch);
    }
  }
  update_fetching(changed);
  const auto drain_until = clock::now() + settings_.drain_timeout + drain_grace;
  revocation_.emplace(leaving, drain_until, drain_until + last_commit_budget);
  for (const auto epoch : leaving) {
    if (routes_.find(epoch)->released) {
      revocation_->released(epoch);
    }
  }
  if (!told.empty()) {
    events_.on_revoking(std::move(told));
  }
}

void consumer_loop::on_group_lost(std::vector<topic_partition> partitions) {
  if (planted("commit_when_lost")) {
    return;
  }
  forget_wanted(partitions);
  end_pauses(partitions);
  const auto epochs = epochs_of(partitions);
  revocation_.reset();
  if (epochs.empty()) {
    return;
  }
  ++draft_.losses;
  draft_.joined = false;
  log_.warn("partitions_lost", "the group gave partitions to others; nothing of them is committed",
            {{"count", partitions.size()}, {"partitions", names(partitions)}});
  drop(epochs);
  events_.on_lost(epochs);
}

std::vector<assignment_epoch> consumer_loop::epochs_of(
    const std::vector<topic_partition>& partitions) {
  std::vector<assignment_epoch> epochs;
  for (const auto& tp : partitions) {
    if (const auto* const found = routes_.find(tp)) {
      epochs.push_back(found->epoch);
    }
  }
  return epochs;
}

// Ends ownerships: nothing is delivered or committed for them any more.
void consumer_loop::drop(const std::vector<assignment_epoch>& epochs) {
  std::vector<route*> ended;
  for (const auto epoch : epochs) {
    if (auto* const found = routes_.find(epoch)) {
      found->leaving = true;
      ended.push_back(found);
    }
  }
  update_fetching(ended);
  for (const auto epoch : epochs) {
    book_.forget(epoch);
    rereads_.erase(epoch);
    routes_.remove(epoch);
  }
}

void consumer_loop::want_offsets(std::vector<topic_partition> partitions) {
  unlocated_.insert(std::make_move_iterator(partitions.begin()),
                    std::make_move_iterator(partitions.end()));
  offsets_not_before_ = {};
}

void consumer_loop::forget_wanted(const std::vector<topic_partition>& partitions) {
  for (const auto& tp : partitions) {
    unlocated_.erase(tp);
    for (auto& [request, asked] : offset_requests_) {
      std::erase(asked, tp);
    }
  }
}

// A commit that is on its way is waited for: it may belong to a partition that is asked for after
// `restart`, and its answer would be the older offset.
void consumer_loop::advance_offset_requests(time_point now) {
  if (unlocated_.empty() || book_.busy() || now < offsets_not_before_) {
    return;
  }
  std::vector<topic_partition> asked{unlocated_.begin(), unlocated_.end()};
  unlocated_.clear();
  offsets_not_before_ = now + retry_interval;
  const auto request = ++last_offset_request_;
  member_->fetch_committed(request, asked);
  offset_requests_.emplace(request, std::move(asked));
}

// Its metadata may call finished what was passed over.
committed_position consumer_loop::going_back(const committed_position& committed,
                                             offset_id passed_over) {
  committed_position from;
  from.offset = committed.offset ? std::min(*committed.offset, passed_over) : committed.offset;
  return from;
}

void consumer_loop::on_group_offsets(committed_reply reply) {
  auto asked = offset_requests_.extract(reply.request);
  if (asked.empty()) {
    return;
  }
  auto& missing = asked.mapped();
  std::vector<assigned_partition> assigned;
  for (auto& [tp, committed] : reply.positions) {
    if (std::erase(missing, tp) > 0) {
      if (const auto passed_over = passed_over_.extract(tp)) {
        committed = going_back(committed, passed_over.mapped());
      }
      auto source = lane_source_of(tp.topic);
      auto& r = routes_.add(std::move(tp), std::move(committed), std::move(source));
      r.extent = batch_extent{largest_batch(settings_)};
      r.stopped = stopped_.contains(r.tp);
      note_landing(r.tp, r.committed);
      assigned.push_back({r.tp, r.epoch, r.committed, member_->cluster_id(), r.in_hand});
    }
  }
  if (!missing.empty()) {
    log_sometimes("committed_offsets_unavailable", RD_KAFKA_RESP_ERR__NO_OFFSET, "",
                  "the group's coordinator does not tell the committed offsets; trying again: " +
                      reply.error);
    unlocated_.insert(missing.begin(), missing.end());
  }
  if (!assigned.empty()) {
    events_.on_assigned(std::move(assigned));
  }
}

// What was to be committed before goes first: the restart reads on from there.
void consumer_loop::restart(const std::vector<assignment_epoch>& epochs) {
  std::vector<route*> changed;
  for (const auto epoch : epochs) {
    auto* const found = routes_.find(epoch);
    if (found == nullptr) {
      continue;
    }
    if (found->leaving || found->moving) {
      release(epoch, std::nullopt);
      continue;
    }
    found->restarting = true;
    changed.push_back(found);
  }
  update_fetching(changed);
}

void consumer_loop::advance_restarts() {
  std::vector<topic_partition> again;
  std::vector<assignment_epoch> ended;
  for (const auto& [epoch, owned] : routes_.all()) {
    if (owned->restarting && !owned->leaving && book_.settled(epoch)) {
      again.push_back(owned->tp);
      ended.push_back(epoch);
    }
  }
  if (!ended.empty()) {
    drop(ended);
    want_offsets(std::move(again));
  }
}

void consumer_loop::commit(std::vector<commit_request> requests) {
  std::vector<commit_result> stale;
  for (auto& request : requests) {
    const auto* const found = routes_.find(request.epoch);
    if (found == nullptr || found->released || found->restarting) {
      stale.push_back({request.epoch, request.offset, commit_state::stale, "not assigned"});
    } else {
      book_.enter(std::move(request));
    }
  }
  if (!stale.empty()) {
    events_.on_committed(std::move(stale));
  }
}

void consumer_loop::release(assignment_epoch epoch, std::optional<commit_request> last) {
  auto* const found = routes_.find(epoch);
  if (found == nullptr || found->released) {
    return;
  }
  found->released = true;
  update_fetching({found});
  if (found->seek_to) {
    last = commit_request{epoch, *found->seek_to, -1, {}};
  }
  // It ends and begins anew as soon as that is committed, unless the group has taken it.
  found->restarting = found->moving && !found->leaving;
  if (last) {
    book_.enter_last(std::move(*last));
  }
  if (revocation_) {
    revocation_->released(epoch);
    served_at_ = {};
  }
}

void consumer_loop::advance_commits(time_point now) {
  if (!book_.due() || now < commit_not_before_) {
    return;
  }
  std::vector<std::pair<topic_partition, commit_request>> named;
  for (auto& request : book_.send()) {
    const auto* const found = routes_.find(request.epoch);
    named.emplace_back(found->tp, std::move(request));
  }
  member_->commit(named);
}

void consumer_loop::on_group_committed(const std::vector<commit_book::ending>& endings) {
  const auto refused = std::ranges::find_if(
      endings, [](const auto& end) { return end.state != commit_state::committed; });
  auto told = book_.finish(endings);
  if (refused != endings.end()) {
    ++draft_.commit_failures;
    log_.debug("commit_refused", "a commit was refused", {{"error", refused->error}});
    commit_not_before_ = clock::now() + last_commit_retry;
  }
  if (!told.empty()) {
    events_.on_committed(std::move(told));
  }
}

void consumer_loop::advance_revocation(time_point now) {
  if (!revocation_) {
    return;
  }
  const auto& leaving = revocation_->leaving();
  const bool settled =
      std::ranges::all_of(leaving, [this](const auto epoch) { return book_.settled(epoch); });
  const auto step = revocation_->next(now, member_->lost(), settled);
  if (step == revocation::step::drain || step == revocation::step::commit) {
    return;
  }
  const bool lost = step == revocation::step::lose;
  auto late = lost ? leaving : revocation_->late();
  std::vector<topic_partition> late_names;
  for (const auto epoch : late) {
    if (const auto* const found = routes_.find(epoch)) {
      late_names.push_back(found->tp);
    }
  }
  if (lost) {
    ++draft_.losses;
    log_.warn("partitions_lost", "partitions were lost while they drained; nothing is committed",
              {{"partitions", names(late_names)}});
  } else if (!late.empty()) {
    log_.warn("drain_late", "partitions are given up with records unfinished; they are read again",
              {{"partitions", names(late_names)}});
  } else if (!settled) {
    log_.warn("last_commit_failed", "the last commit of partitions that leave was not answered",
              {{"count", leaving.size()}});
  }
  drop(std::vector{leaving});
  revocation_.reset();
  member_->give_up();
  if (!late.empty()) {
    events_.on_lost(std::move(late));
  }
}

} // namespace streamer
