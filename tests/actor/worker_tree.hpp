// The whole supervision tree as a worker runs it, between a source and a sink in memory.
#pragma once

#include "actors/consumer/commit_metadata.hpp"
#include "actors/supervision/root_supervisor.hpp"
#include "runtime/system/event_bridge.hpp"
#include "tests/actor/journal.hpp"
#include "tests/actor/memory_marks.hpp"
#include "tests/actor/memory_sink.hpp"
#include "tests/actor/memory_source.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace streamer::test {

using std::chrono::milliseconds;

/// Partition of the topic that tests use unless they say otherwise.
[[nodiscard]] inline topic_partition part(std::int32_t number) {
  return {"events", partition_id{number}};
}

/// One [[handlers]] entry.
struct planned_handler {
  any_handler run;
  std::string selects; ///< value of the header `handler`; empty: every record
  milliseconds timeout{30'000};
  std::vector<std::string> retry_on = {};
  std::vector<std::string> reject_on = {};
  std::size_t threads = 4; ///< of a blocking handler
  bool conflates = false;
};

/// What a worker is made from. Tenants come from the header `tenant`; retries do not jitter.
struct worker_plan {
  worker_plan();
  consumer_settings consumer;
  tenant_settings tenants;
  dlq_settings dlq;
  retry_policy retry;
  restart_limits restarts;
  restart_limits handler_restarts;
  std::int64_t max_bytes = 64LL << 20;
  milliseconds longest_attempt{37'000};
  unmatched_policy unmatched = unmatched_policy::dead_letter;
  std::vector<planned_handler> handlers;
};

/// A record with a key, a tenant, and the handler that takes it.
[[nodiscard]] record_spec record_of(std::optional<std::string> key, std::string value = {},
                                    std::string tenant = "t", std::string handler = {});

/// A plan whose one handler keeps every delivery until the test completes it.
struct held_plan : worker_plan {
  held_plan() { handlers.push_back({handler, {}}); }
  std::shared_ptr<journal> notes = std::make_shared<journal>();
  std::shared_ptr<held_handler> handler = std::make_shared<held_handler>(notes);
};

/// A plan whose one handler is a function.
struct quick_plan : worker_plan {
  explicit quick_plan(record_function run) {
    handlers.push_back({quick_handler{noted(notes, std::move(run))}, {}});
  }
  std::shared_ptr<journal> notes = std::make_shared<journal>();
};

/// A handler function that succeeds.
[[nodiscard]] inline outcome succeed(const record_view& /*record*/, emitter& /*out*/) {
  return outcome::success();
}

/// Registers message types; called before a system's configuration is made.
void register_message_types();

/// The tree and what it works with. Every commit that counts is checked against what has
/// really finished (handler done and its events acknowledged, or dead letter acknowledged), and
/// so is what its metadata says; what does not hold is in `violations`.
class worker_tree {
 public:
  worker_tree(caf::actor_system& system, const worker_plan& plan, std::shared_ptr<journal> notes);
  virtual ~worker_tree() = default;
  worker_tree(const worker_tree&) = delete;
  worker_tree& operator=(const worker_tree&) = delete;

  /// Appends records that differ in their key alone: `prefix0`, `prefix1` …
  void append_keys(const topic_partition& tp, int count, const std::string& prefix = "k",
                   const std::string& tenant = "t");

  /// Ends an actor as a failure would, ahead of what waits in its mailbox.
  void kill(const std::string& kind);
  /// Sends an actor what nobody would.
  template <class Message>
  void disturb(const std::string& kind, Message stray) {
    if (const auto row = board->any_of(kind)) {
      caf::anon_send(caf::actor_cast<caf::actor>(row->address), std::move(stray));
    }
  }
  void request_stop();
  /// The inspector that is published now.
  [[nodiscard]] inspector_actor inspector() const {
    const std::lock_guard lock{mutex_};
    return inspector_;
  }
  /// The Kafka clients tell that they cannot go on.
  void fail_source(source_failure why) { bridge_->on_failed(std::move(why)); }
  void fail_sink(std::string why) { bridge_->on_sink_failed(std::move(why)); }
  [[nodiscard]] std::optional<worker_end> end() const;

  /// Whether the record's handler and its events are done, or its dead letter is written.
  [[nodiscard]] bool finished(const topic_partition& tp, offset_id offset);
  /// Whether the group has committed all there is of every partition.
  [[nodiscard]] bool drained(const std::vector<topic_partition>& partitions);
  /// The offset that the group has committed; -1 without one.
  [[nodiscard]] std::int64_t committed(const topic_partition& tp);
  /// What the last commit's metadata says.
  [[nodiscard]] commit_metadata committed_metadata(const topic_partition& tp);

  [[nodiscard]] std::uint64_t restarts_of(const std::string& kind);
  [[nodiscard]] std::uint64_t dropped(const std::string& cause);
  [[nodiscard]] record_counts counts_of(const topic_partition& tp) const;
  /// What an assigned partition's unfinished records wait for.
  [[nodiscard]] lag_counts lag_of(const topic_partition& tp) const;
  /// Offsets of dead letters, in the order in which they were written.
  [[nodiscard]] std::vector<std::int64_t> dead_letters(const topic_partition& tp) const;
  [[nodiscard]] const fence_counters& fences() const { return *fences_; }

  std::vector<std::string> violations;
  std::shared_ptr<telemetry> metrics = std::make_shared<telemetry>();
  std::shared_ptr<account_board> accounts = std::make_shared<account_board>();
  std::shared_ptr<progress_gauge> progress = std::make_shared<progress_gauge>();
  std::shared_ptr<dlq_gauge> dlq_waiting = std::make_shared<dlq_gauge>();
  std::shared_ptr<actor_board> board = std::make_shared<actor_board>();
  std::shared_ptr<record_router> router = std::make_shared<record_router>();
  std::shared_ptr<entry_points> entries = std::make_shared<entry_points>();
  std::shared_ptr<credit_pool> credit;
  std::shared_ptr<memory_source> source;
  std::shared_ptr<memory_sink> sink = std::make_shared<memory_sink>();
  std::shared_ptr<tenant_limiters> limiters;
  std::shared_ptr<tenant_pauses> pauses = std::make_shared<tenant_pauses>();
  std::shared_ptr<journal> notes;
  std::shared_ptr<suspect_board> suspects = std::make_shared<suspect_board>();
  std::shared_ptr<memory_marks> marks = std::make_shared<memory_marks>(suspects);
  std::shared_ptr<handler_calls> calls = std::make_shared<handler_calls>();

  /// Says of a record that it was in a call when a process ended.
  void suspect(const topic_partition& tp, std::int64_t offset, suspect_mark mark = {}) const {
    suspects->put({tp, offset_id{offset}}, std::move(mark));
  }

 protected:
  void start();
  void end_tree();
  caf::actor_system& system_;

 private:
  void check_commit(const seen_commit& c);

  worker_plan plan_;
  std::shared_ptr<fence_counters> fences_ = std::make_shared<fence_counters>();
  std::unique_ptr<event_bridge> bridge_;
  root_supervisor_actor root_;
  mutable std::mutex mutex_;
  std::optional<worker_end> end_;
  inspector_actor inspector_;
};

/// Actor systems outlive the trees in them.
struct owned_system {
  explicit owned_system(bool virtual_time);
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
};

/// A worker on one thread in virtual time, whose actors take turns as the test says. Time that
/// passes is the actors': handlers' timeouts are measured on the real clock.
class virtual_worker : private owned_system, public worker_tree {
 public:
  virtual_worker(const worker_plan& plan, std::shared_ptr<journal> handlers_notes);
  /// For plans that have their journal with them.
  template <class Plan>
  explicit virtual_worker(const Plan& plan) : virtual_worker{plan, plan.notes} {}
  ~virtual_worker() override;
  virtual_worker(const virtual_worker&) = delete;
  virtual_worker& operator=(const virtual_worker&) = delete;

  /// From now on actors take turns by chance, the same for the same seed.
  void shuffle(std::uint64_t seed) { random_.emplace(seed); }
  /// Lets one actor handle one message, or the source or sink do something. False: all is quiet.
  bool take_step();
  /// Until all is quiet; time stands still.
  void settle();
  /// What a handler calls that takes its time: the clock goes on, nobody else gets to run.
  void work_for(milliseconds time) { scheduler_.clock().current_time += time; }
  /// Lets time pass, in steps of at most 10 ms.
  void pass(milliseconds time);
  /// Lets time pass until it holds; false: it did not within `most`.
  template <class Condition>
  bool pass_until(Condition holds, milliseconds most = milliseconds{60'000}) {
    for (auto spent = milliseconds{0}; spent < most; spent += milliseconds{50}) {
      if (holds()) {
        return true;
      }
      pass(milliseconds{50});
    }
    return holds();
  }
  /// What a partition's consumer says when it is asked why it lags; nothing: nobody answered.
  [[nodiscard]] std::optional<partition_explained> explain(const topic_partition& tp);
  /// The same completed by what the source knows.
  [[nodiscard]] lag_split whole_lag(const topic_partition& tp);
  /// Assigns partitions and lets the records flow.
  void assign(const std::vector<topic_partition>& partitions);
  /// Actors that are still alive once the tree has ended.
  std::size_t end_and_count_survivors();

 private:
  caf::scheduler::test_coordinator& scheduler_;
  std::optional<std::mt19937_64> random_;
};

/// A worker on CAF's own threads and the real clock.
class threaded_worker : private owned_system, public worker_tree {
 public:
  threaded_worker(const worker_plan& plan, std::shared_ptr<journal> handlers_notes);
  ~threaded_worker() override;
  threaded_worker(const threaded_worker&) = delete;
  threaded_worker& operator=(const threaded_worker&) = delete;

  /// Polls source and sink until it holds; false after a minute.
  template <class Condition>
  bool wait_until(Condition holds) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) {
        return false;
      }
      const bool moved = source->poll();
      if (!sink->poll() && !moved) {
        std::this_thread::sleep_for(milliseconds{1});
      }
    }
    return true;
  }
};

} // namespace streamer::test
