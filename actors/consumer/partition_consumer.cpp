#include "actors/consumer/partition_consumer.hpp"

#include "actors/supervision/actor_guards.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace streamer {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  auto x = a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2));
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  return x ^ x >> 32;
}

std::int64_t share_of_window(const consumer_context& context) {
  const auto share = context.tenants.share * static_cast<double>(context.consumer.max_in_flight);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(share));
}

std::string_view ignored_cause(metadata_verdict v) {
  switch (v) {
    case metadata_verdict::other_cluster: return "cluster";
    case metadata_verdict::other_partition: return "topic";
    case metadata_verdict::other_offset: return "base_offset";
    default: return "malformed";
  }
}

std::optional<commit_point> start_of(const committed_position& committed) {
  if (!committed.offset) {
    return std::nullopt;
  }
  return commit_point{*committed.offset, committed.leader_epoch};
}

decoded_metadata read_metadata(const assigned_partition& assigned) {
  if (!assigned.committed.offset) {
    return {};
  }
  return decode(assigned.committed.metadata, {assigned.cluster_id, assigned.tp.topic,
                                              assigned.tp.partition, *assigned.committed.offset});
}

} // namespace

partition_consumer_state::partition_consumer_state(partition_consumer_actor::pointer self,
                                                   consumer_context_ptr context,
                                                   assigned_partition assigned, actor_links links,
                                                   consumer_supervisor_actor supervisor,
                                                   at_rest_flag at_rest)
    : self_{self},
      context_{std::move(context)},
      assigned_{std::move(assigned)},
      links_{std::move(links)},
      supervisor_{std::move(supervisor)},
      at_rest_{std::move(at_rest)},
      log_{context_->log.with("partition_consumer")},
      tenant_rule_{context_->tenants},
      share_limit_{share_of_window(*context_)},
      partition_hash_{mix(context_->lane_seed, std::hash<topic_partition>{}(assigned_.tp))},
      place_{context_->calls->place_of(assigned_.tp)},
      turns_{new_turn_queue(context_->consumer)},
      page_{context_->accounts->open(assigned_.tp.topic, assigned_.tp.partition.value())},
      consumed_{
          context_->metrics->counter(metric::messages_consumed, {{"topic", assigned_.tp.topic}})},
      end_to_end_{context_->metrics->histogram(metric::end_to_end_duration)},
      committed_offset_{assigned_.committed.offset},
      committed_text_{assigned_.committed.metadata} {
  context_->assignment->assigned.fetch_add(1);
  const auto restored = read_metadata(assigned_);
  if (restored.verdict != metadata_verdict::usable &&
      restored.verdict != metadata_verdict::absent) {
    context_->metrics
        ->counter(metric::commit_metadata_ignored, {{"cause", ignored_cause(restored.verdict)}})
        .add();
    log_.warn("commit_metadata_ignored",
              "the commit's metadata does not belong to it: finished records may be read again",
              {{"topic", assigned_.tp.topic},
               {"partition", assigned_.tp.partition.value()},
               {"cause", to_string(restored.verdict)}});
  }
  tracker_ = offset_tracker{start_of(assigned_.committed), restored.data.finished};
  for (const auto& f : restored.data.failing) {
    restored_.emplace(f.offset, f);
  }
  log_.info("partition_started", "records of a partition are processed from here",
            {{"topic", assigned_.tp.topic},
             {"partition", assigned_.tp.partition.value()},
             {"epoch", assigned_.epoch.value()},
             {"committed", assigned_.committed.offset ? assigned_.committed.offset->value() : -1},
             {"failing", restored_.size()},
             {"finished_ranges", restored.data.finished.size()}});
}

// Whatever ended the actor, its credit returns to the process and its unfinished
// records count as given up (the page sees to that when it closes).
partition_consumer_state::~partition_consumer_state() {
  finished_->close();
  context_->credit->give(owed_records_, owed_bytes_);
  context_->assignment->assigned.fetch_sub(1);
  if (!held_.empty()) {
    context_->assignment->holding.fetch_sub(1);
  }
  for (auto& t : tenants_) {
    if (t.account) {
      t.account->in_flight.fetch_sub(t.unfinished);
    }
    give_allowance(t, t.allowance);
  }
}

partition_consumer_actor::behavior_type partition_consumer_state::make_behavior() {
  install_guards(self_, log_);
  next_commit_ = self_->clock().now() + context_->consumer.commit_interval;
  ask_for_suspects();
  return {
      [this](const records_fetched& msg) { on_records(msg); },
      [this](const end_reached& msg) { on_end_reached(msg.position); },
      [this](const work_finished&) { settle(); },
      [this](const attempt_results& msg) { on_results(msg); },
      [this](const turns_due&) { on_turns_due(); },
      [this](const retry_verdicts& msg) { on_verdicts(msg); },
      [this](const dead_letters_written& msg) { on_dead_letters_written(msg); },
      [this](const alone_verdict& msg) { on_alone(msg); },
      [this](const handler_replaced& msg) { on_handler_replaced(msg); },
      [this](const commit_answer& msg) { on_commit_answer(msg.result); },
      [this](const drain_partition& msg) { on_drain(msg); },
      [this](const give_up_partition&) { release(false); },
      [this](const explain_wanted&) { return on_explain(); },
      [this](const links_changed& msg) { on_links(msg.links); },
      [this](const tick&) { on_tick(); },
  };
}

// ------------------------------------------------------------------ intake

void partition_consumer_state::on_records(const records_fetched& msg) {
  if (msg.unread) {
    msg.unread->read();
  }
  if (at_rest_->exchange(false, std::memory_order_relaxed)) {
    look_at_tenants(); // its last tick may be a second ago
  }
  const auto count = static_cast<std::int64_t>(msg.batch->records().size());
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < msg.batch->records().size(); ++i) {
    bytes += static_cast<std::int64_t>(msg.batch->charged_bytes(i));
  }
  owed_records_ += count;
  owed_bytes_ += bytes;
  if (!first_offset_ && count > 0) {
    first_offset_ = msg.batch->records().front().offset;
  }
  consumed_.add(static_cast<std::uint64_t>(count));
  if (draining_ || released_) {
    credit_records_ += count;
    credit_bytes_ += bytes;
    release_credit();
    return;
  }
  if (held_.empty() && awaits_suspects()) {
    hold_for_suspects(msg.batch);
  } else if (held_.empty()) {
    const auto taken = take_in(msg.batch, 0);
    if (taken < msg.batch->records().size()) {
      hold(msg.batch, taken);
    }
  } else {
    held_.push_back({msg.batch, 0});
    held_records_ += msg.batch->records().size();
    throttle(self_->clock().now());
  }
  release_credit();
  publish();
}

void partition_consumer_state::on_end_reached(offset_id position) {
  at_rest_->store(false, std::memory_order_relaxed);
  if (!first_offset_) {
    first_offset_ = position;
  }
  if (!held_.empty()) {
    held_end_ = position;
    return;
  }
  tracker_.reach_end(position);
}

std::size_t partition_consumer_state::take_in(const record_batch_ptr& batch, std::size_t from) {
  auto work = std::make_shared<work_batch>(batch);
  work->origin = self_;
  work->finished = finished_;
  work->epoch = assigned_.epoch;
  work->place = place_;
  const auto records = batch->records();
  work->items.reserve(records.size() - from);
  std::vector<std::uint32_t> overflowing;
  record_ref record{batch}; // one for all: a copy of the pointer costs more than to read a record
  auto i = from;
  for (; i < records.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    if (i + prefetch_distance < records.size()) {
      prefetch(records[i + prefetch_distance]);
    }
    record.index = index;
    const auto tenant = tenant_number(tenant_rule_.tenant_of(record));
    auto& t = tenants_[tenant];
    const bool over = over_share(t);
    // What a pause has kept waiting is not dead-lettered for it, also not when it ends.
    held_by_pause_ = held_by_pause_ || (over && t.paused);
    if (over && (context_->tenants.overflow == overflow_kind::hold || held_by_pause_)) {
      holding_for_ = tenant;
      break;
    }
    const auto receipt = tracker_.receive(records[i].offset, records[i].leader_epoch);
    if (receipt != offset_tracker::receipt::fresh) {
      counts_.received += receipt == offset_tracker::receipt::already_done ? 1 : 0;
      counts_.already_done += receipt == offset_tracker::receipt::already_done ? 1 : 0;
      ++credit_records_;
      credit_bytes_ += static_cast<std::int64_t>(batch->charged_bytes(i));
      continue;
    }
    ++counts_.received;
    ++t.unfinished;
    if (t.added++ == 0) {
      added_to_.push_back(tenant);
    }
    if (over) {
      overflowing.push_back(static_cast<std::uint32_t>(work->items.size()));
    }
    work->items.push_back(
        {tracker_.last_slot(), lane_of(records[i], t), index, 0, tenant, detect_encoding(record)});
    // To parse them once more, for a handler that wants them, costs less than to keep them of all.
    batch->forget_headers(i);
  }
  if (!restored_.empty()) {
    restore_attempts(*work);
  }
  mark_suspects(*work);
  batch->share();
  work->started = std::make_unique<std::atomic<bool>[]>(work->items.size());
  in_hand_.add(work, self_->clock().now());
  if (i > from) {
    newest_ms_ = records[i - 1].timestamp_ms;
  }
  for (const auto item : overflowing) {
    overflow(work, item);
  }
  settle_added();
  dispatch(work);
  return i;
}

// The window's share is looked at record by record, the shared counters are
// touched once a batch.
bool partition_consumer_state::over_share(const tenant_entry& t) const {
  if (!t.account) {
    return t.unfinished >= share_limit_;
  }
  return t.account->in_flight.load(std::memory_order_relaxed) + t.added >= share_limit_;
}

void partition_consumer_state::settle_added() {
  const auto now = self_->clock().now();
  std::erase_if(added_to_, [this, now](std::uint32_t tenant) {
    auto& t = tenants_[tenant];
    if (!t.account) {
      return false;
    }
    t.account->in_flight.fetch_add(t.added, std::memory_order_relaxed);
    context_->metrics->count_tenant(t.id, {.received = static_cast<std::uint64_t>(t.added)}, now);
    t.added = 0;
    return true;
  });
}

void partition_consumer_state::restore_attempts(work_batch& work) {
  for (auto& item : work.items) {
    const auto offset = work.records.ref(item.record).get().offset;
    restored_.erase(restored_.begin(), restored_.lower_bound(offset));
    const auto found = restored_.find(offset);
    if (found != restored_.end()) {
      item.attempts_before = found->second.attempts;
      met_again_.emplace(item.slot, found->second);
      restored_.erase(found);
    }
  }
}

void partition_consumer_state::overflow(const std::shared_ptr<work_batch>& work,
                                        std::uint32_t item) {
  const auto slot = work->items[item].slot;
  auto& f = make_failing(slot, {work, item});
  f.last = {outcome_kind::reject,
            failure_class::overflow,
            "the tenant filled its share of the in-flight window",
            {}};
  f.reason = dead_letter_reason::overflow;
  bury({slot});
}

std::uint32_t partition_consumer_state::tenant_number(std::string_view id) {
  if (last_tenant_ < tenants_.size() && tenants_[last_tenant_].id == id) {
    return last_tenant_;
  }
  const auto found = tenant_numbers_.find(id);
  if (found != tenant_numbers_.end()) {
    return last_tenant_ = found->second;
  }
  std::uint32_t number = 0;
  if (free_tenants_.empty()) {
    number = static_cast<std::uint32_t>(tenants_.size());
    tenants_.emplace_back();
  } else {
    number = free_tenants_.back();
    free_tenants_.pop_back();
  }
  auto& t = tenants_[number];
  t.id = id;
  t.hash = mix(partition_hash_, std::hash<std::string_view>{}(id));
  t.limiter = context_->limiters ? context_->limiters->find(id) : nullptr;
  t.paused = context_->pauses->contains(id);
  knows_paused_ = knows_paused_ || t.paused;
  tenant_numbers_.emplace(std::string{id}, number);
  return last_tenant_ = number;
}

lane_id partition_consumer_state::lane_of(const record& r, const tenant_entry& t) const {
  const auto never_none = [](std::uint64_t hash) { return lane_id{hash == 0 ? 1 : hash}; };
  switch (context_->consumer.ordering) {
    case ordering_kind::unordered: return lane_id{0};
    case ordering_kind::partition: return never_none(partition_hash_);
    case ordering_kind::key: break;
  }
  if (r.key.is_null()) {
    return context_->consumer.keyless == keyless_kind::unordered ? lane_id{0} : never_none(t.hash);
  }
  return never_none(mix(t.hash, std::hash<std::string_view>{}(r.key.view())));
}

// What operators have paused and what a reload has limited, once a tick.
void partition_consumer_state::look_at_tenants() {
  const auto limits = context_->limiters ? context_->limiters->version() : 0;
  const auto pauses = context_->pauses->version();
  if (limits == limits_version_ && pauses == pauses_version_) {
    return;
  }
  limits_version_ = limits;
  pauses_version_ = pauses;
  knows_paused_ = false;
  for (const auto& [id, number] : tenant_numbers_) {
    auto& t = tenants_[number];
    if (t.limiter == nullptr && context_->limiters) {
      t.limiter = context_->limiters->find(id);
      t.uncharged = t.limiter == nullptr ? 0 : handed_out(number);
    }
    t.paused = context_->pauses->contains(id);
    knows_paused_ = knows_paused_ || t.paused;
  }
  run_due();
}

// ------------------------------------------------------------------ holding back

void partition_consumer_state::hold(record_batch_ptr batch, std::size_t from) {
  held_since_ = self_->clock().now();
  context_->assignment->holding.fetch_add(1);
  held_records_ += batch->records().size() - from;
  held_.push_back({std::move(batch), from});
  if (tenant_named_.pass(held_since_)) {
    log_.warn("tenant_held", "a tenant filled its share of the window: its partition waits",
              {{"topic", assigned_.tp.topic},
               {"partition", assigned_.tp.partition.value()},
               {"tenant", tenants_[holding_for_].id},
               {"share_records", share_limit_}});
  }
}

void partition_consumer_state::try_held() {
  if (held_.empty() || draining_ || released_ || awaits_suspects() ||
      (!tenants_.empty() && over_share(tenants_[holding_for_]))) {
    return;
  }
  held_since_ = self_->clock().now();
  while (!held_.empty()) {
    auto& h = held_.front();
    const auto size = h.batch->records().size();
    const auto taken = take_in(h.batch, h.from);
    held_records_ -= taken - h.from;
    h.from = taken;
    if (taken < size) {
      return;
    }
    held_.pop_front();
  }
  held_by_pause_ = false;
  context_->assignment->holding.fetch_sub(1);
  if (held_end_) {
    tracker_.reach_end(*held_end_);
    held_end_.reset();
  }
  if (paused_) {
    paused_ = false;
    context_->source->resume(assigned_.epoch);
  }
}

// A pause throws the partition's prefetch away, so it is the last resort: when
// nothing has moved for a second, or when what is held here would starve the
// partitions that could go on.
void partition_consumer_state::throttle(clock::time_point now) {
  if (paused_ || held_.empty()) {
    return;
  }
  const auto& a = *context_->assignment;
  const bool others_go_on = a.holding.load() < a.assigned.load();
  const auto fair_part =
      context_->credit->limits().records / (4 * std::max<std::int64_t>(1, a.assigned.load()));
  const bool starves_others = others_go_on && static_cast<std::int64_t>(held_records_) >
                                                  std::max<std::int64_t>(fair_part, 100);
  if (starves_others || now - held_since_ > std::chrono::seconds{1}) {
    paused_ = true;
    context_->source->pause(assigned_.epoch);
  }
}

} // namespace streamer
