#pragma once

#include "actors/consumer/commit_metadata.hpp"
#include "actors/consumer/consumer_context.hpp"
#include "actors/consumer/fair_queue.hpp"
#include "actors/consumer/hand_out_rule.hpp"
#include "actors/consumer/offset_tracker.hpp"
#include "actors/consumer/tenant_groups.hpp"
#include "actors/consumer/tenant_limiter.hpp"
#include "actors/consumer/tenant_rule.hpp"
#include "actors/consumer/work_in_hand.hpp"
#include "messages/actor_messages.hpp"
#include "messages/text_hash.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace streamer {

/// Slices that wait for their tenant's turn.
using turn_queue = fair_queue<work_slice>;
[[nodiscard]] turn_queue new_turn_queue(const consumer_settings& settings);

/// State of a partition consumer: the one place that knows of every received
/// record of one assignment epoch where it is. All other actors may fail and be
/// started anew; what they held is handed out again from here.
class partition_consumer_state {
 public:
  static inline const char* name = "partition_consumer";

  partition_consumer_state(partition_consumer_actor::pointer self, consumer_context_ptr context,
                           assigned_partition assigned, actor_links links,
                           consumer_supervisor_actor supervisor, at_rest_flag at_rest);
  ~partition_consumer_state();
  partition_consumer_state(const partition_consumer_state&) = delete;
  partition_consumer_state& operator=(const partition_consumer_state&) = delete;

  partition_consumer_actor::behavior_type make_behavior();

 private:
  using clock = std::chrono::steady_clock;

  /// Where an unfinished failing record is.
  enum class stage : std::uint8_t { handler, retry, dlq, alone };

  /// A record that has failed at least once, or was interrupted. Has bytes of its
  /// own, so that it does not hold a fetch buffer while it waits.
  struct failing_entry {
    std::shared_ptr<work_batch> work;     // one item
    std::span<const std::uint32_t> alone; // that item, as a slice has it
    stage where = stage::retry;
    std::uint32_t attempts = 0;
    clock::time_point first_failed;
    clock::time_point last_failed;
    std::int64_t first_failed_ms = 0; // for people; never compared with another clock's time
    std::int64_t charge = 0;          // bytes of credit
    outcome last;
    std::shared_ptr<const failure_policy> policy;
    dead_letter_reason reason = dead_letter_reason::handler_rejected;
    bool held = false;                    // by the DLQ guard, at least once
    bool due = false;                     // its time came while its tenant was paused
    std::optional<trace_context> trace{}; // of the last attempt
    [[nodiscard]] record_ref record() const { return work->ref(0); }
  };

  struct tenant_entry {
    std::string id;
    std::uint64_t hash = 0;
    std::shared_ptr<tenant_account> account;
    tenant_handler_actor handler;   // null until the lease has come
    std::vector<work> before_lease; // what is to be sent then
    std::int64_t unfinished = 0;
    std::int64_t added = 0;            // of these, not yet in the account
    tenant_limiter* limiter = nullptr; // null: no limits
    std::size_t allowance = 0;         // taken from the limiter and not given back
    std::size_t uncharged = 0;         // handed out before there was a limiter
    clock::time_point last_used;
    bool paused = false;         // by an operator: nothing is handed out
    bool wanted = false;         // the lease has been asked for
    bool hand_out_again = false; // when the lease comes
  };

  /// The clocks for many results at once, and what was looked up of the batch that the last was of.
  struct finishing {
    clock::time_point now;
    std::int64_t wall_ms = 0;
    const work_batch* batch = nullptr;
    work_records::view records{};
  };

  // Intake
  void on_records(const records_fetched& msg);
  void on_end_reached(offset_id position);
  std::size_t take_in(const record_batch_ptr& batch, std::size_t from);
  bool over_share(const tenant_entry& t) const;
  void settle_added();
  void look_at_tenants();
  void run_due();
  void restore_attempts(work_batch& work);
  void overflow(const std::shared_ptr<work_batch>& work, std::uint32_t item);
  std::uint32_t tenant_number(std::string_view id);
  lane_id lane_of(const record& r, const tenant_entry& t) const;
  void hold(record_batch_ptr batch, std::size_t from);
  void try_held();
  void throttle(clock::time_point now);

  // Suspects
  void ask_for_suspects();
  [[nodiscard]] bool awaits_suspects();
  void settle_suspects();
  void hold_for_suspects(record_batch_ptr batch);
  void mark_suspects(work_batch& work);
  void want_alone(slot_id slot, failing_entry& f);
  void on_alone(const alone_verdict& msg);
  void want_all_alone();
  void decline_all_alone();

  // Towards the handlers
  void dispatch(const std::shared_ptr<work_batch>& batch);
  void dispatch_in_partition_order(const std::shared_ptr<work_batch>& batch);
  void open_gate();
  [[nodiscard]] std::int64_t handler_limit() const;
  void want_turns();
  void on_turns_due();
  void take_turns();
  static std::size_t take_allowance(tenant_entry& t, std::size_t count, clock::time_point now);
  static void give_allowance(tenant_entry& t, std::size_t count);
  [[nodiscard]] std::size_t handed_out(std::uint32_t tenant) const;
  void send_work(std::uint32_t tenant, work w, clock::time_point now);
  void send_to_handler(const tenant_entry& t, work w, clock::time_point now);
  void want_handler(std::uint32_t tenant);
  void on_lease(const std::string& tenant, const handler_lease& lease);
  void on_handler_replaced(const handler_replaced& msg);
  void hand_out_again(std::uint32_t tenant);
  [[nodiscard]] bool behind_gate(slot_id slot) const;
  [[nodiscard]] bool waits_for_turn(std::uint32_t tenant, slot_id slot) const;
  [[nodiscard]] bool is_failing(slot_id slot) const {
    return !failing_.empty() && failing_.contains(slot);
  }

  // Outcomes
  void on_results(const attempt_results& msg);
  void take_finished();
  void count_stale(std::size_t records);
  void count_succeeded(std::uint64_t records);
  void on_failed(const failed_attempt& f, std::vector<failed_record>& report);
  void on_verdicts(const retry_verdicts& msg);
  void on_held(const std::vector<slot_id>& slots);
  void on_dead_letters_written(const dead_letters_written& msg);
  void attempt_again(slot_id slot, failing_entry& f);
  void run_again(failing_entry& f);
  void bury(const std::vector<slot_id>& slots);
  void on_links(const actor_links& links);
  bool finish(slot_id slot);
  bool finish_at_handler(slot_id slot);
  void finish_whole(const work_slice& slice, finishing& at);
  void note_latency(std::int64_t stamp, std::int64_t now, std::int64_t count);
  [[nodiscard]] failed_record report_of(slot_id slot, const failing_entry& f) const;
  void settle();
  void account_finished(tenant_entry& t, std::int64_t records, clock::time_point now);
  void release_credit();
  void publish();

  // Why it lags
  [[nodiscard]] lag_split split() const;
  [[nodiscard]] std::optional<offset_id> held_to() const;
  caf::result<partition_explained> on_explain();
  [[nodiscard]] partition_explained explain() const;
  [[nodiscard]] lag_times times() const;
  void note_oldest_in_hand(lag_times& times, const lag_counts& parts) const;
  [[nodiscard]] std::optional<frontier_record> frontier() const;
  void describe_failing(const failing_entry& f, frontier_record& r) const;
  void describe_in_hand(const work_in_hand::place& place, frontier_record& r) const;

  // Commits and the end
  void commit_if_changed();
  std::optional<commit_request> commit_now();
  [[nodiscard]] commit_metadata metadata() const;
  void count_dropped(const encoded_metadata& text);
  void on_commit_answer(const commit_result& r);
  void on_tick();
  [[nodiscard]] bool nothing_to_do() const;
  void on_drain(const drain_partition& msg);
  void continue_draining();
  void drop_at_handlers(bool running_too);
  void release(bool commit);

  failing_entry& make_failing(slot_id slot, const work_in_hand::place& place);
  void move_to(failing_entry& f, stage s);
  void erase_failing(std::map<slot_id, failing_entry>::iterator f);
  [[nodiscard]] std::size_t count_failing(stage s) const {
    return failing_at_[static_cast<std::size_t>(s)];
  }
  [[nodiscard]] const tenant_entry& tenant_of(const failing_entry& f) const {
    return tenants_[f.work->items.front().tenant];
  }
  [[nodiscard]] tenant_entry& tenant_of(const failing_entry& f) {
    return tenants_[f.work->items.front().tenant];
  }

  partition_consumer_actor::pointer self_;
  consumer_context_ptr context_;
  assigned_partition assigned_;
  actor_links links_;
  consumer_supervisor_actor supervisor_;
  at_rest_flag at_rest_;
  log_handle log_;

  offset_tracker tracker_;
  tenant_rule tenant_rule_;
  work_in_hand in_hand_;
  std::map<slot_id, failing_entry> failing_;
  std::array<std::size_t, 4> failing_at_{}; // by stage
  std::map<offset_id, failing_record>
      restored_; // failing in an earlier ownership, not met again yet
  std::map<slot_id, failing_record> met_again_; // those met again, until they finish or fail
  std::vector<tenant_entry> tenants_;
  std::vector<std::uint32_t> free_tenants_;
  tenant_groups groups_;
  std::vector<std::uint32_t> added_to_; // tenants whose `added` is not in their account yet
  std::unordered_map<std::string, std::uint32_t, text_hash, std::equal_to<>> tenant_numbers_;
  std::uint32_t last_tenant_ = UINT32_MAX;
  std::int64_t share_limit_ = 0;
  std::uint64_t partition_hash_ = 0;
  std::uint64_t place_ = 0; // as the crash journal knows it

  suspect_board::marks suspects_; // of this partition
  std::uint64_t suspects_version_ = 0;
  std::optional<std::uint64_t> suspects_asked_; // until they are known
  clock::time_point suspects_overdue_;

  struct held_batch {
    record_batch_ptr batch;
    std::size_t from;
  };
  std::deque<held_batch> held_;
  std::size_t held_records_ = 0;
  clock::time_point held_since_;
  std::uint32_t holding_for_ = 0; // number of the tenant that filled its share
  bool held_by_pause_ = false;    // because it was paused: what follows is held, too
  std::uint64_t pauses_version_ = 0;
  std::uint64_t limits_version_ = 0;
  bool knows_paused_ = false; // of its tenants one is paused
  every tenant_named_{std::chrono::seconds{10}};
  bool paused_ = false;
  std::optional<offset_id> held_end_; // end reached behind held records

  turn_queue turns_;
  bool turns_wanted_ = false; // turns_due is in the mailbox
  std::deque<work> gate_;     // slices that wait for their turn (ordering = partition)

  std::shared_ptr<finished_work> finished_ = std::make_shared<finished_work>();
  std::int64_t at_handlers_ = 0;
  std::int64_t credit_records_ = 0; // to be given back
  std::int64_t credit_bytes_ = 0;
  std::int64_t owed_records_ = 0; // taken and not given back yet
  std::int64_t owed_bytes_ = 0;

  record_counts counts_;
  account_page page_;
  counter_ref consumed_;
  histogram_ref end_to_end_;

  std::optional<offset_id> first_offset_; // that it was handed
  std::int64_t newest_ms_ = -1;           // timestamp of the newest record taken in
  std::optional<offset_id> committed_offset_;
  std::string committed_text_;
  std::optional<clock::time_point> uncommitted_since_;
  bool commit_in_flight_ = false;
  clock::time_point commit_sent_;
  std::string sent_text_;
  std::size_t metadata_limit_ = default_metadata_limit;
  clock::time_point next_commit_;

  bool draining_ = false;
  bool cut_ = false;
  bool fenced_ = false;
  bool released_ = false;
  drain_partition drain_{};
  std::uint64_t fenced_running_ = 0;
};

} // namespace streamer
