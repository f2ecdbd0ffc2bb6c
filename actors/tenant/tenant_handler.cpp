#include "actors/tenant/tenant_handler.hpp"

#include "actors/supervision/actor_guards.hpp"
#include "messages/planted_bugs.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace streamer {
namespace {

constexpr auto timeout_tick = std::chrono::milliseconds{100};
constexpr std::size_t remembered_cuts = 1000;

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

} // namespace

tenant_handler_state::tenant_handler_state(tenant_handler_actor::pointer self,
                                           tenant_context_ptr context,
                                           std::shared_ptr<tenant_account> account,
                                           actor_links links)
    : self_{self},
      context_{std::move(context)},
      account_{std::move(account)},
      tenant_{std::make_shared<const std::string>(account_->id)},
      links_{std::move(links)},
      log_{context_->log.with("handler")},
      duration_{context_->metrics->histogram(metric::processing_duration)},
      outputs_produced_{context_->metrics->counter(metric::outputs_produced)},
      conflated_{context_->metrics->counter(metric::conflated)},
      conflates_{std::ranges::any_of(context_->handlers, &handler_entry::conflates)},
      for_async_(context_->handlers.size()),
      for_pools_(context_->handlers.size()),
      slow_(context_->handlers.size()) {
  // A weak reference: an attempt that is never completed must not keep the actor alive.
  wake_ = [weak = caf::actor_addr{self_->address()}] {
    if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(weak)) {
      caf::anon_send(caf::actor_cast<tenant_handler_actor>(strong), completions_ready{});
    }
  };
  completions_ = std::make_shared<completion_queue>(wake_);
}

tenant_handler_state::~tenant_handler_state() {
  for (auto& a : running_) {
    a->fence();
    a->call.release();
  }
  if (alone_) {
    context_->calls->alone_ended(false);
  }
  completions_->close();
}

tenant_handler_actor::behavior_type tenant_handler_state::make_behavior() {
  install_guards(self_, log_);
  return {
      [this](const work& msg) { on_work(msg); },
      [this](const lanes_released& msg) { on_lanes_released(msg); },
      [this](const epoch_dropped& msg) { on_epoch_dropped(msg); },
      [this](const completions_ready&) { on_completions(); },
      [this](const outputs_collected&) {
        outputs_wanted_ = false;
        send_outputs();
      },
      [this](const links_changed& msg) { on_links(msg.links); },
      [this](const tick&) { on_tick(); },
  };
}

// ------------------------------------------------------------------ work

void tenant_handler_state::on_work(const work& msg) {
  message_began_ = self_->clock().now();
  context_->progress->read(message_began_);
  if (msg.unread) {
    msg.unread->read();
  }
  const auto& slice = msg.slice;
  switch (msg.kind) {
    case work_kind::parked:
      for (const auto item : slice.items) {
        keep_lane({slice.batch, item});
      }
      break;
    case work_kind::fresh: on_fresh(slice); break;
    case work_kind::again:
      for (const auto item : slice.items) {
        const work_ref ref{slice.batch, item};
        if (is_cut(ref.batch().epoch)) {
          results_for(ref.batch()).dropped.push_back(ref.get().slot);
        } else {
          start(ref, true);
        }
      }
      break;
  }
  flush();
}

void tenant_handler_state::on_fresh(const work_slice& slice) {
  const auto& batch = *slice.batch;
  if (planted("ack_of_an_old_epoch")) {
    newest_origins_[batch.place] = batch.origin;
  }
  auto& results = results_for(batch);
  if (is_cut(batch.epoch)) {
    for (const auto item : slice.items) {
      results.dropped.push_back(batch.items[item].slot);
    }
    return;
  }
  if (conflates_) {
    on_fresh_conflating(slice);
    return;
  }
  const auto collected_before = outputs_.records.size();
  // One reference for all items: its count is shared with other threads.
  work_ref ref{slice.batch};
  const auto records = batch.records.get();
  record_ref record{records.batch};
  for (std::size_t i = 0; i < slice.items.size(); ++i) {
    if (!records.left && i + prefetch_distance < slice.items.size()) {
      const auto soon = batch.items[slice.items[i + prefetch_distance]].record;
      prefetch_value(records.batch->records()[soon]);
    }
    ref.item = slice.items[i];
    const auto place = records.place_of(ref.get().record);
    if (!place) {
      continue; // see start
    }
    record.index = *place;
    const auto lane = ref.get().lane;
    if (lane.value() != 0 && lanes_.busy(lane)) {
      lanes_.wait(lane, ref.owner(), ref);
    } else {
      start(ref, record, false);
    }
  }
  if (results.processed.size() == slice.items.size() && results.skipped.empty() &&
      results.failed.empty() && !planted("ack_of_an_old_epoch")) {
    results.processed.clear();
    spare_list_ = std::exchange(results.processed, {});
    tell_processed(slice);
  } else if (outputs_.records.size() - collected_before == slice.items.size()) {
    outputs_.slices.push_back(slice);
    outputs_.in_slices += slice.items.size();
  }
}

void tenant_handler_state::start(const work_ref& ref, const record_ref& record, bool holds_lane) {
  // Not kept when the partition consumer made copies, so it has ended there. Results come before
  // the news of a handler's death, so this is not met; it must not run again if it ever is.
  if (record.batch == nullptr) {
    if (holds_lane) {
      free_lane(ref);
    }
    return;
  }
  if ((ref.get().trial != trial_kind::none || context_->calls->held()) && !admit(ref, holds_lane)) {
    return;
  }
  const auto attempts = ref.get().attempts_before;
  // From here on it may end the process: routing may parse it.
  if (!call_ && !(call_ = enter(ref))) {
    hold_back(ref, holds_lane);
    return;
  }
  call_.runs(ref.batch().place, attempts + 1, record.get().offset);
  auto route = context_->router.select(record, ref.get().encoding);
  if (!route.handler) {
    if (route.undecodable.empty() && context_->unmatched == unmatched_policy::discard) {
      std::vector<outbound_event> none;
      end(ref, 0, attempts + 1, outcome::skip("no handler is configured for it"), none, holds_lane,
          std::nullopt);
      return;
    }
    const auto cause =
        route.undecodable.empty() ? failure_class::unmatched : failure_class::undecodable;
    outcome rejected{outcome_kind::reject,
                     cause,
                     route.undecodable.empty() ? "no handler is configured for it"
                                               : std::move(route.undecodable),
                     {}};
    const auto trace = end_trace(begin_trace(ref, record), ref, {}, attempts + 1, rejected);
    fail(ref, context_->fallback_policy.get(), attempts + 1, std::move(rejected), holds_lane,
         trace);
    return;
  }
  const auto& entry = context_->handlers[*route.handler];
  if (attempts > 0 && attempts >= entry.policy.get()->retry.max_attempts) {
    // The process ended between the last attempt and the DLQ's acknowledgement.
    fail(ref, entry.policy.get(), attempts,
         {outcome_kind::retry,
          failure_class::handler,
          "the attempts were spent before a restart",
          {}},
         holds_lane);
    return;
  }
  std::visit(overloaded{
                 [&](const quick_handler& h) {
                   run_quick(ref, record, *route.handler, h.run, holds_lane);
                 },
                 [&](const blocking_handler& h) {
                   auto a = begin(ref, record, *route.handler, holds_lane);
                   const auto guard =
                       ref.get().lane.value() != 0
                           ? ref.get().lane.value()
                           : ref.owner().epoch.value() << 40U ^ ref.owner().slot.value();
                   const bool alone = ref.get().trial == trial_kind::alone;
                   for_pools_[*route.handler].push_back(
                       {guard, [a, alone, run = &h.run, keep = context_] {
                          if (a->ended()) {
                            return;
                          }
                          auto call = alone ? keep->calls->enter_alone() : keep->calls->enter();
                          if (!call) {
                            a->turned_away = true;
                            a->complete({});
                            return;
                          }
                          call.runs(a->ref.batch().place, a->number(), a->view().offset());
                          a->started_ns.store(steady_ns());
                          emitter out;
                          auto result = call_guarded(*run, a->view(), out);
                          for (auto& e : out.events()) {
                            a->emit(std::move(e));
                          }
                          a->complete(std::move(result));
                        }});
                 },
                 [&](const std::shared_ptr<async_handler>& h) {
                   auto call = enter(ref);
                   if (!call) {
                     hold_back(ref, holds_lane);
                     return;
                   }
                   auto a = begin(ref, record, *route.handler, holds_lane);
                   a->call = std::move(call);
                   a->call.runs(ref.batch().place, a->number(), a->view().offset());
                   if (!h->queues()) {
                     a->started_ns.store(steady_ns());
                   }
                   for_async_[*route.handler].emplace_back(std::move(a));
                 },
             },
             entry.run);
}

void tenant_handler_state::run_quick(const work_ref& ref, const record_ref& record,
                                     std::size_t handler, const record_function& run,
                                     bool holds_lane) {
  const auto attempt = ref.get().attempts_before + 1;
  emitter_.events().clear();
  const auto trace = begin_trace(ref, record);
  auto result = call_guarded(run, {record, *tenant_, attempt}, emitter_);
  ++quick_calls_;
  end(ref, handler, attempt, std::move(result), emitter_.events(), holds_lane, trace);
}

std::shared_ptr<tenant_handler_state::running_attempt> tenant_handler_state::begin(
    const work_ref& ref, const record_ref& record, std::size_t handler, bool holds_lane) {
  if (!holds_lane) {
    keep_lane(ref);
  }
  ref.batch().started[ref.item].store(true, std::memory_order_relaxed);
  auto a = std::make_shared<running_attempt>(ref, own_if_slow(record, handler), handler, tenant_,
                                             completions_, context_->fences);
  a->trace = begin_trace(ref, record);
  a->begun = message_began_;
  a->place = running_.size();
  running_.push_back(a);
  wake_for_timeouts();
  return a;
}

// A handler's view of its record cannot be exchanged later. One that is known to be slow does not
// get to hold the fetch response.
record_ref tenant_handler_state::own_if_slow(const record_ref& record, std::size_t handler) const {
  const bool holds_more = record.batch->records().size() > 1;
  return slow_[handler] && holds_more &&
                 pays_to_copy_for_attempt(record.batch->charged_bytes(record.index))
             ? detach(record)
             : record;
}

void tenant_handler_state::note_slow_handlers(clock::time_point now) {
  slow_.assign(slow_.size(), false);
  for (const auto& a : running_) {
    if (now - a->begun >= buffer_patience) {
      slow_[a->handler] = true;
    }
  }
}

void tenant_handler_state::end(const work_ref& ref, std::size_t handler, std::uint32_t attempt,
                               outcome result, std::vector<outbound_event>& events, bool holds_lane,
                               const std::optional<open_span>& trace) {
  const auto ended = trace
                         ? end_trace(trace, ref, context_->handlers[handler].name, attempt, result)
                         : std::nullopt;
  switch (result.kind) {
    case outcome_kind::success:
      if (events.empty()) {
        results_for(ref.batch()).processed.push_back(ref.get().slot);
      } else {
        collect_events(ref, handler, attempt, events, trace);
      }
      break;
    case outcome_kind::skip: results_for(ref.batch()).skipped.push_back(ref.get().slot); break;
    case outcome_kind::retry:
    case outcome_kind::reject:
      fail(ref, context_->handlers[handler].policy.get(), attempt, std::move(result), holds_lane,
           ended);
      return;
  }
  ended_alone(ref, true);
  if (holds_lane) {
    free_lane(ref);
  }
}

void tenant_handler_state::fail(const work_ref& ref, std::shared_ptr<const failure_policy> policy,
                                std::uint32_t attempts, outcome result, bool holds_lane,
                                const std::optional<trace_context>& trace) {
  ended_alone(ref, result.kind == outcome_kind::reject);
  if (planted("retry_reorders")) {
    if (holds_lane) {
      free_lane(ref);
    }
  } else if (!holds_lane) {
    keep_lane(ref);
  }
  results_for(ref.batch())
      .failed.push_back({ref.get().slot, attempts, std::move(result), std::move(policy), trace});
}

void tenant_handler_state::keep_lane(const work_ref& ref) {
  if (ref.get().lane.value() != 0) {
    lanes_.occupy(ref.get().lane, ref.owner());
  }
}

void tenant_handler_state::free_lane(const work_ref& ref) {
  if (ref.get().lane.value() == 0) {
    return;
  }
  if (auto next = lanes_.release(ref.get().lane, ref.owner())) {
    runnable_.push_back(std::move(*next));
  }
}

// Runs what became free, one after the other rather than one within the other: a
// lane may have thousands of records waiting.
void tenant_handler_state::run_pending() {
  while (!runnable_.empty()) {
    for (const auto& next : std::exchange(runnable_, {})) {
      if (is_cut(next.batch().epoch)) {
        results_for(next.batch()).dropped.push_back(next.get().slot);
        free_lane(next);
      } else {
        start(conflates_ ? newest_of(next) : next, true);
      }
    }
  }
}

void tenant_handler_state::hand_to_async() {
  for (std::size_t h = 0; h < for_async_.size(); ++h) {
    if (for_async_[h].empty()) {
      continue;
    }
    auto deliveries = std::exchange(for_async_[h], {});
    auto& run = std::get<std::shared_ptr<async_handler>>(
        const_cast<any_handler&>(context_->handlers[h].run));
    const auto most = context_->batch_size.get();
    for (std::size_t i = 0; i < deliveries.size(); i += most) {
      const auto count = std::min(most, deliveries.size() - i);
      const std::span<delivery> span{deliveries.data() + i, count};
      std::string what = "an exception of unknown type";
      try {
        run->handle(span);
        continue;
      } catch (const std::exception& e) {
        what = e.what();
      } catch (...) {
        log_.warn("handler_threw", "an asynchronous handler threw something unknown", {});
      }
      for (auto& d : span) {
        if (d) {
          d.complete({outcome_kind::retry, failure_class::exception, what, {}});
        }
      }
    }
  }
}

void tenant_handler_state::hand_to_pools() {
  for (std::size_t h = 0; h < for_pools_.size(); ++h) {
    if (!for_pools_[h].empty()) {
      context_->handlers[h].pool->submit(*tenant_, std::exchange(for_pools_[h], {}));
    }
  }
}

void tenant_handler_state::on_completions() {
  message_began_ = self_->clock().now();
  const auto now = steady_ns();
  for (auto& done : completions_->take()) {
    auto& a = static_cast<running_attempt&>(*done);
    forget_running(a);
    if (a.turned_away) {
      hold_back(a.ref, true);
      continue;
    }
    if (const auto started = a.started_ns.load(); started != 0) {
      duration_.observe(static_cast<double>(now - started) / 1e9);
    }
    set_trace_begin(a);
    end(a.ref, a.handler, a.number(), a.result(), a.events(), true, a.trace);
  }
  start_held_back();
  flush();
}

void tenant_handler_state::forget_running(running_attempt& a) {
  a.call.release();
  const auto place = a.place;
  if (place + 1 < running_.size()) {
    running_.back()->place = place;
    std::swap(running_[place], running_.back());
  }
  running_.pop_back();
}

void tenant_handler_state::on_lanes_released(const lanes_released& msg) {
  message_began_ = self_->clock().now();
  for (const auto& [lane, slot] : msg.lanes) {
    if (auto next = lanes_.release(lane, {msg.epoch, slot})) {
      runnable_.push_back(std::move(*next));
    }
  }
  flush();
}

// ------------------------------------------------------------------ the end of an epoch

void tenant_handler_state::on_epoch_dropped(const epoch_dropped& msg) {
  message_began_ = self_->clock().now();
  cut_.insert(msg.epoch);
  if (cut_.size() > remembered_cuts) {
    cut_.erase(cut_.begin());
  }
  for (auto& ref : lanes_.remove_waiting(msg.epoch)) {
    results_for(ref.batch()).dropped.push_back(ref.get().slot);
  }
  drop_held_back(msg);
  for (std::size_t i = running_.size(); i-- > 0;) {
    const auto a = running_[i];
    const bool begun = a->started_ns.load() != 0;
    if (a->ref.batch().epoch != msg.epoch || (begun && !msg.running_too) ||
        planted("ack_of_an_old_epoch") || !a->fence(fence_cause::epoch_ended)) {
      continue; // one that has just completed is in the queue and will be taken as it is
    }
    if (begun) {
      fenced_trace(*a);
    }
    auto& results = results_for(a->ref.batch());
    (begun ? results.dropped_running : results.dropped).push_back(a->ref.get().slot);
    forget_running(*a);
    ended_alone(a->ref, false);
    if (!msg.running_too) {
      free_lane(a->ref);
    }
  }
  if (msg.running_too) {
    drop_outputs(msg.epoch);
    for (auto& next : lanes_.release_owned_by(msg.epoch)) {
      runnable_.push_back(std::move(next));
    }
  }
  flush();
}

// ------------------------------------------------------------------ timeouts

void tenant_handler_state::wake_for_timeouts() {
  if (!tick_pending_) {
    tick_pending_ = true;
    self_->delayed_send(self_, timeout_tick, tick{});
  }
}

void tenant_handler_state::on_tick() {
  tick_pending_ = false;
  message_began_ = self_->clock().now();
  note_slow_handlers(message_began_);
  const auto now = steady_ns();
  for (std::size_t i = running_.size(); i-- > 0;) {
    const auto a = running_[i];
    const auto& entry = context_->handlers[a->handler];
    const auto started = a->started_ns.load();
    if (started == 0 ||
        std::chrono::nanoseconds{now - started} < std::chrono::nanoseconds{entry.timeout} ||
        (!planted("ack_of_a_fenced_attempt") && !a->fence())) {
      continue;
    }
    forget_running(*a);
    outcome late{outcome_kind::retry,
                 failure_class::timeout,
                 "the attempt ran longer than " + std::to_string(entry.timeout.count()) + " ms",
                 {}};
    set_trace_begin(*a);
    const auto trace = end_trace(a->trace, a->ref, entry.name, a->number(), late);
    fail(a->ref, entry.policy.get(), a->number(), std::move(late), true, trace);
    if (entry.pool && entry.pool->running() == entry.pool->threads() &&
        pool_named_.pass(clock::now())) {
      log_.warn("handler_pool_full",
                "every thread of a handler is in a call that has timed out or "
                "not returned; its other records wait",
                {{"handler", entry.name},
                 {"threads", entry.pool->threads()},
                 {"queued", entry.pool->queued()}});
    }
  }
  resend_outputs();
  if (!running_.empty() || !unsent_.empty()) {
    wake_for_timeouts();
  }
  flush();
}

// ------------------------------------------------------------------ results

attempt_results& tenant_handler_state::results_for(const work_batch& batch) {
  for (auto& box : boxes_) {
    if (box.results.epoch == batch.epoch) {
      return box.results;
    }
  }
  const bool to_newest = planted("ack_of_an_old_epoch");
  boxes_.push_back({to_newest ? newest_origins_[batch.place] : batch.origin, {}});
  boxes_.back().results.epoch = batch.epoch;
  boxes_.back().results.processed = std::exchange(spare_list_, {});
  return boxes_.back().results;
}

// The usual case, without a list and a message of its own.
void tenant_handler_state::tell_processed(const work_slice& slice) {
  if (slice.batch->finished->add(slice)) {
    self_->send(slice.batch->origin, work_finished{});
  }
}

// Ends the handling of every message: runs what became free, then tells what came of it.
void tenant_handler_state::flush() {
  run_pending();
  call_.release();
  if (quick_calls_ > 0) {
    const auto spent = std::chrono::duration<double>(self_->clock().now() - message_began_).count();
    duration_.observe_n(spent / static_cast<double>(quick_calls_), quick_calls_);
    quick_calls_ = 0;
  }
  hand_to_async();
  hand_to_pools();
  want_outputs_sent();
  for (auto& box : boxes_) {
    auto& r = box.results;
    if (!r.processed.empty() || !r.skipped.empty() || !r.failed.empty() || !r.dropped.empty() ||
        !r.dropped_running.empty()) {
      self_->send(box.to, std::move(r));
    }
  }
  boxes_.clear();
}

} // namespace streamer
