#pragma once

#include "messages/event.hpp"
#include "messages/outcome.hpp"
#include "messages/record.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What people who write handlers use. A handler comes in one of three forms:
/// a quick function of one record, a function of one record that may block, and
/// an asynchronous handler of many records.
namespace streamer {

/// A record as a handler sees it. Views are valid until the record's outcome is given.
class record_view {
 public:
  /// Of a record in hand; all three have to outlive it.
  record_view(const record_ref& record, std::string_view tenant, std::uint32_t attempt)
      : record_{&record}, tenant_{tenant}, attempt_{attempt} {}

  /// Its topic.
  [[nodiscard]] const std::string& topic() const { return record_->batch->topic(); }
  /// Its partition.
  [[nodiscard]] partition_id partition() const { return record_->batch->partition(); }
  /// Its offset.
  [[nodiscard]] offset_id offset() const { return record_->get().offset; }
  /// Ms since 1970; -1: none.
  [[nodiscard]] std::int64_t timestamp_ms() const { return record_->get().timestamp_ms; }
  /// May be null.
  [[nodiscard]] bytes_ref key() const { return record_->get().key; }
  /// Null: a tombstone.
  [[nodiscard]] bytes_ref value() const { return record_->get().value; }
  /// The last header of this name; null if there is none.
  [[nodiscard]] bytes_ref header(const char* name) const { return record_->header(name); }
  /// All, in order.
  [[nodiscard]] std::vector<header_ref> headers() const { return record_->headers(); }
  /// As `tenants.from` found it.
  [[nodiscard]] std::string_view tenant() const { return tenant_; }
  /// Number of this attempt, from 1; goes on across restarts and rebalances.
  [[nodiscard]] std::uint32_t attempt() const { return attempt_; }
  /// The record itself, for an event that borrows its bytes.
  [[nodiscard]] const record_ref& ref() const { return *record_; }

 private:
  const record_ref* record_;
  std::string_view tenant_;
  std::uint32_t attempt_;
};

/// Takes the events that a handler emits while it works on one record. They are
/// kept until the handler has succeeded and are dropped when it has not.
class emitter {
 public:
  void emit(outbound_event event) { events_.push_back(std::move(event)); } ///< one more
  [[nodiscard]] std::vector<outbound_event>& events() { return events_; }  ///< so far

 private:
  std::vector<outbound_event> events_;
};

/// A function of one record. An exception that escapes is retry, a `permanent_error` is reject.
using record_function = std::function<outcome(const record_view&, emitter&)>;

class attempt;

/// Where finished attempts go: the tenant's handler actor fetches them in bulk.
/// Thread-safe. Closed when that actor ends; what arrives later is counted as late.
class completion_queue {
 public:
  /// `wake` tells the owner that there is something to fetch; it is called from
  /// the completing thread, once until the next `take`, and must not block.
  explicit completion_queue(std::function<void()> wake) : wake_{std::move(wake)} {}
  /// False when closed.
  bool push(std::shared_ptr<attempt> done);
  [[nodiscard]] std::vector<std::shared_ptr<attempt>> take();
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::shared_ptr<attempt>> done_;
  bool closed_ = false;
};

/// How completions that came too late or twice were dropped; shared by all tenants.
struct fence_counters {
  std::atomic<std::uint64_t> late_completions{0}; ///< after the timeout, a revoke or a shutdown
  std::atomic<std::uint64_t> late_events{0};      ///< emitted after the attempt was fenced
  std::atomic<std::uint64_t> stale{0};            ///< of these two: of an epoch that had ended
  std::atomic<std::uint64_t> repeated{0};         ///< a second outcome for the same attempt
};

/// Why an attempt is ended from outside.
enum class fence_cause : std::uint8_t { timed_out, epoch_ended };

/// One attempt at one record, shared by the actor that started it and whoever
/// works on it. Ends exactly once: by the first outcome, or by being fenced.
class attempt : public std::enable_shared_from_this<attempt> {
 public:
  attempt(record_ref record, std::shared_ptr<const std::string> tenant, std::uint32_t number,
          std::uint64_t token, std::shared_ptr<completion_queue> queue,
          std::shared_ptr<fence_counters> counters)
      : token_{token},
        number_{number},
        record_{std::move(record)},
        tenant_{std::move(tenant)},
        queue_{std::move(queue)},
        counters_{std::move(counters)} {}

  [[nodiscard]] record_view view() const { return {record_, *tenant_, number_}; }
  [[nodiscard]] std::uint64_t token() const { return token_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }

  /// The first outcome wins and is queued. False, and counted, if the attempt had ended.
  bool complete(outcome result);
  /// Kept until success; dropped and counted once the attempt is fenced.
  void emit(outbound_event event);
  /// Ends the attempt from outside: a later outcome is dropped. False if it had ended.
  bool fence(fence_cause why = fence_cause::timed_out);
  [[nodiscard]] bool fenced() const { return phase_.load(std::memory_order_acquire) >= fenced_; }
  [[nodiscard]] bool ended() const { return phase_.load(std::memory_order_acquire) != running_; }

  /// For the owner, after `complete` has queued the attempt.
  [[nodiscard]] const outcome& result() const { return result_; }
  [[nodiscard]] std::vector<outbound_event>& events() { return events_; }

  /// When work on it really began (steady clock, ns); 0: not yet. The timeout of a blocking call,
  /// and of an asynchronous handler that queues, runs from here, not from when it was queued.
  std::atomic<std::int64_t> started_ns{0};

 private:
  static constexpr int running_ = 0;
  static constexpr int ended_ = 1;
  static constexpr int fenced_ = 2;
  static constexpr int stale_ = 3; // fenced, because its epoch ended

  void count_late(std::atomic<std::uint64_t>& what) const;

  std::atomic<int> phase_{running_};
  std::uint64_t token_;
  std::uint32_t number_;
  record_ref record_;
  std::shared_ptr<const std::string> tenant_;
  std::shared_ptr<completion_queue> queue_;
  std::shared_ptr<fence_counters> counters_;
  outcome result_;
  std::vector<outbound_event> events_;
};

/// Tells a handler that nobody waits for its outcome any more.
class cancel_token {
 public:
  /// Of one attempt.
  explicit cancel_token(std::shared_ptr<const attempt> of) : of_{std::move(of)} {}
  /// True: the outcome would be dropped.
  [[nodiscard]] bool cancelled() const { return of_->fenced(); }

 private:
  std::shared_ptr<const attempt> of_;
};

/// One record handed to an asynchronous handler. Move-only: whoever holds it owes
/// the outcome. Letting go of it without one is `retry` with cause `abandoned`.
/// May be moved to and completed on any thread; not to be used by two at a time.
class delivery {
 public:
  /// Takes over the debt of an outcome.
  explicit delivery(std::shared_ptr<attempt> of) : attempt_{std::move(of)} {}
  delivery(delivery&&) noexcept = default;
  delivery& operator=(delivery&& other) noexcept; ///< what it held before is abandoned
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery() { abandon(); }

  /// False once it has been moved away.
  explicit operator bool() const { return attempt_ != nullptr; }
  /// Valid until the outcome.
  [[nodiscard]] record_view record() const { return attempt_->view(); }
  /// Sent with success only.
  void emit(outbound_event event) { attempt_->emit(std::move(event)); }
  /// For work that can stop early.
  [[nodiscard]] cancel_token cancel() const { return cancel_token{attempt_}; }
  /// Gives the outcome. Only the first counts; false if it came too late.
  bool complete(outcome result) { return attempt_->complete(std::move(result)); }
  /// For a handler that queues: work on the record begins now, and so does its timeout.
  void begins();
  /// For a handler that queues: what was begun came to nothing, and is no attempt. The record waits
  /// again; its timeout does not run, and a rebalance takes it back as if it had never been handed
  /// over.
  void waits();

 private:
  void abandon() noexcept;
  std::shared_ptr<attempt> attempt_;
};

/// A handler that takes records in bulk and answers when it can.
class async_handler {
 public:
  virtual ~async_handler() = default;
  /// Gets 1 to `consumer.batch_size` records, at most one of a key. Must return
  /// quickly; move the deliveries out to keep them. Called on a scheduler thread,
  /// for different tenants at the same time.
  virtual void handle(std::span<delivery> batch) = 0;
  /// Whether it says itself when work on a record begins (`delivery::begins`): for a handler with a
  /// queue, in which no time counts. Otherwise the timeout runs from `handle` on.
  [[nodiscard]] virtual bool queues() const { return false; }
};

/// A quick function: called on a scheduler thread, so it must not wait for anything.
struct quick_handler {
  record_function run; ///< the function
};

/// A function that may block: called on its own pool of `concurrency` threads.
struct blocking_handler {
  record_function run; ///< the function
};

/// A handler in any of its forms.
using any_handler = std::variant<quick_handler, blocking_handler, std::shared_ptr<async_handler>>;

/// Runs `run` and turns what escapes it into an outcome.
[[nodiscard]] outcome call_guarded(const record_function& run, const record_view& record,
                                   emitter& out) noexcept;

} // namespace streamer
