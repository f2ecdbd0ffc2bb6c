#pragma once

#include "actors/consumer/buffer_rule.hpp"
#include "actors/tenant/conflation_rule.hpp"
#include "actors/tenant/key_lanes.hpp"
#include "actors/tenant/tenant_context.hpp"
#include "messages/actor_messages.hpp"
#include "messages/handler.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace streamer {

/// State of a tenant's handler: runs the handlers on the tenant's records, one of a
/// key at a time. A failing record keeps its lane until the partition consumer says
/// what became of it.
class tenant_handler_state {
 public:
  static inline const char* name = "handler";

  tenant_handler_state(tenant_handler_actor::pointer self, tenant_context_ptr context,
                       std::shared_ptr<tenant_account> account, actor_links links);
  ~tenant_handler_state();
  tenant_handler_state(const tenant_handler_state&) = delete;
  tenant_handler_state& operator=(const tenant_handler_state&) = delete;

  tenant_handler_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  /// One record as it was handed over.
  struct work_ref {
    work_batch_ptr of;
    std::uint32_t item = 0;
    [[nodiscard]] const work_batch& batch() const { return *of; }
    [[nodiscard]] const work_item& get() const { return of->items[item]; }
    [[nodiscard]] lane_owner owner() const { return {of->epoch, get().slot}; }
  };

  /// An attempt that is not finished when its handler's call returns.
  struct running_attempt final : attempt {
    running_attempt(const work_ref& of, record_ref record, std::size_t handler_index,
                    std::shared_ptr<const std::string> tenant,
                    std::shared_ptr<completion_queue> queue,
                    std::shared_ptr<fence_counters> counters)
        : attempt{std::move(record), std::move(tenant),  of.get().attempts_before + 1, 0,
                  std::move(queue),  std::move(counters)},
          ref{of},
          handler{handler_index} {}
    work_ref ref;
    std::size_t handler;
    std::size_t place = 0;         // in running_
    clock::time_point begun;       // perhaps to wait for a thread
    bool turned_away = false;      // by its pool's thread: calls were held when its turn came
    handler_calls::call call = {}; // of an asynchronous attempt
    std::optional<open_span> trace{};
  };

  /// A record whose handler has succeeded and whose events are not all acknowledged.
  struct output_record {
    work_ref ref;
    std::uint32_t attempt = 0;
    std::size_t handler = 0;
    std::size_t events = 0;
    bool finished_elsewhere = false;
    std::vector<std::optional<open_span>> sends{}; // one an event if the record is traced
  };
  struct output_group {
    std::uint64_t number = 0; // in the order of submission
    std::vector<output_record> records;
    std::vector<work_slice> slices; // of which each item is one of `records`
    std::size_t in_slices = 0;      // so many are
    event_batch_ptr events;
  };

  void on_work(const work& msg);
  void on_fresh(const work_slice& slice);
  void on_fresh_conflating(const work_slice& slice);
  void on_lanes_released(const lanes_released& msg);
  void on_epoch_dropped(const epoch_dropped& msg);
  void on_completions();
  void on_tick();

  void start(const work_ref& ref, bool holds_lane) {
    start(ref, ref.batch().ref(ref.item), holds_lane);
  }
  void start(const work_ref& ref, const record_ref& record, bool holds_lane);
  [[nodiscard]] work_ref newest_of(work_ref first);
  [[nodiscard]] conflation_candidate candidate(const work_ref& ref);
  void run_quick(const work_ref& ref, const record_ref& record, std::size_t handler,
                 const record_function& run, bool holds_lane);
  std::shared_ptr<running_attempt> begin(const work_ref& ref, const record_ref& record,
                                         std::size_t handler, bool holds_lane);
  [[nodiscard]] record_ref own_if_slow(const record_ref& record, std::size_t handler) const;
  void note_slow_handlers(clock::time_point now);
  void end(const work_ref& ref, std::size_t handler, std::uint32_t attempt, outcome result,
           std::vector<outbound_event>& events, bool holds_lane,
           const std::optional<open_span>& trace);
  void fail(const work_ref& ref, std::shared_ptr<const failure_policy> policy,
            std::uint32_t attempts, outcome result, bool holds_lane,
            const std::optional<trace_context>& trace = std::nullopt);
  [[nodiscard]] std::optional<open_span> begin_trace(const work_ref& ref,
                                                     const record_ref& record) const {
    return context_->tracing ? context_->tracing->begin_attempt(record, ref.batch().first_attempt)
                             : std::nullopt;
  }
  std::optional<trace_context> end_trace(const std::optional<open_span>& trace, const work_ref& ref,
                                         std::string_view handler, std::uint32_t attempt,
                                         const outcome& result) const;
  void fenced_trace(running_attempt& a) const;
  static void set_trace_begin(running_attempt& a);
  [[nodiscard]] bool admit(const work_ref& ref, bool holds_lane);
  [[nodiscard]] handler_calls::call enter(const work_ref& ref);
  void hold_back(const work_ref& ref, bool holds_lane);
  void ask_to_be_woken();
  void start_held_back();
  void drop_held_back(const epoch_dropped& msg);
  void ended_alone(const work_ref& ref, bool finished);
  void keep_lane(const work_ref& ref);
  void free_lane(const work_ref& ref);
  void run_pending();
  void hand_to_async();
  void hand_to_pools();
  void forget_running(running_attempt& a);

  void collect_events(const work_ref& ref, std::size_t handler, std::uint32_t attempt,
                      std::vector<outbound_event>& events, const std::optional<open_span>& trace);
  void want_outputs_sent();
  void send_outputs();
  void produce_group(const std::shared_ptr<output_group>& group);
  [[nodiscard]] bool tell_acknowledged(const output_group& group, const produce_results& answer);
  void on_produced(const std::shared_ptr<output_group>& group, const produce_results& answer);
  void end_send(const std::optional<open_span>& send, const outbound_event& event,
                const delivery_result& answer) const;
  void resend_outputs();
  void drop_outputs(assignment_epoch epoch);
  void on_links(const actor_links& links);

  attempt_results& results_for(const work_batch& batch);
  void tell_processed(const work_slice& slice);
  void flush();
  void wake_for_timeouts();
  [[nodiscard]] bool is_cut(assignment_epoch epoch) const {
    return !cut_.empty() && cut_.contains(epoch);
  }

  tenant_handler_actor::pointer self_;
  tenant_context_ptr context_;
  std::shared_ptr<tenant_account> account_;
  std::shared_ptr<const std::string> tenant_;
  actor_links links_;
  log_handle log_;
  histogram_ref duration_;
  counter_ref outputs_produced_;
  counter_ref conflated_;
  bool conflates_ = false; // a handler does

  key_lanes<work_ref> lanes_;
  std::vector<work_ref> runnable_;               // own their lanes
  std::vector<std::vector<delivery>> for_async_; // by handler, until the end of the message
  std::vector<std::vector<pool_job>> for_pools_; // the same
  handler_calls::call call_;                     // quick ones, until the end of the message
  std::vector<work_ref> held_back_;              // own their lanes; wait for a run alone to end
  std::optional<lane_owner> alone_;              // the suspect that runs alone here
  bool wake_asked_ = false;
  std::shared_ptr<std::atomic<bool>> woken_ = std::make_shared<std::atomic<bool>>(false);
  std::function<void()> wake_; // any thread: have completions looked at
  std::shared_ptr<completion_queue> completions_;
  std::vector<std::shared_ptr<running_attempt>> running_;
  std::vector<bool> slow_; // by handler: it had an attempt beyond buffer_patience at the last tick
  emitter emitter_;

  output_group outputs_; // being collected
  clock::time_point outputs_since_;
  bool outputs_wanted_ = false; // outputs_collected is in the mailbox
  std::uint64_t next_group_ = 0;
  std::vector<outbound_event> output_events_;
  std::vector<std::shared_ptr<output_group>> sent_;   // not answered yet
  std::vector<std::shared_ptr<output_group>> unsent_; // to be sent again

  struct result_box {
    partition_consumer_actor to;
    attempt_results results;
  };
  std::vector<result_box> boxes_;
  std::vector<slot_id> spare_list_;                                  // memory for the next box
  std::map<std::uint64_t, partition_consumer_actor> newest_origins_; // of a planted bug alone
  std::set<assignment_epoch> cut_; // nothing of these starts any more
  bool tick_pending_ = false;
  std::uint64_t quick_calls_ = 0; // since the last flush
  clock::time_point message_began_;
  every pool_named_{std::chrono::seconds{10}};
};

} // namespace streamer
