#include "runtime/handlers/subprocess/subprocess_handler.hpp"

#include "actors/tenant/pool_turns.hpp"
#include "runtime/handlers/delivery_inbox.hpp"
#include "runtime/handlers/options.hpp"
#include "runtime/handlers/subprocess/child_slot.hpp"
#include "runtime/threads/wakeup.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <future>
#include <memory>
#include <thread>
#include <unordered_set>

namespace streamer {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds longest_sleep{1'000};
constexpr milliseconds stop_turn{10};
constexpr std::size_t most_suspects = 10'000;

/// Records that were with a child when it ended, or past their time: each goes alone next time, so
/// that what ends a child ends no other record's attempt again. Forgets the oldest.
class child_suspects {
 public:
  void add(std::uint64_t guard) {
    if (!known_.insert(guard).second) {
      return;
    }
    order_.push_back(guard);
    if (order_.size() > most_suspects) {
      known_.erase(order_.front());
      order_.pop_front();
    }
  }
  [[nodiscard]] bool has(std::uint64_t guard) const {
    return !known_.empty() && known_.contains(guard);
  }
  void clear(std::uint64_t guard) {
    if (!known_.empty() && known_.erase(guard) > 0) {
      std::erase(order_, guard);
    }
  }

 private:
  std::unordered_set<std::uint64_t> known_;
  std::deque<std::uint64_t> order_;
};

/// The handler: a queue that is fair between tenants, children, and the thread between them.
class subprocess_handler final : public async_handler {
 public:
  subprocess_handler(child_plan plan, std::size_t children, milliseconds grace, log_handle log)
      : plan_{std::move(plan)},
        grace_{grace},
        log_{std::move(log)},
        turns_{pool_share{children * plan_.in_flight, {}}} {
    for (std::size_t i = 0; i < children; ++i) {
      slots_.push_back(std::make_unique<child_slot>(
          plan_, i, log_, [this](held_record&& held, parted how) { part(std::move(held), how); }));
    }
  }

  subprocess_handler(const subprocess_handler&) = delete;
  subprocess_handler& operator=(const subprocess_handler&) = delete;

  ~subprocess_handler() override {
    stopping_.store(true);
    woken_.raise();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  /// Starts the thread and the children. One line if the first could not be started.
  [[nodiscard]] std::optional<std::string> start() {
    std::promise<std::optional<std::string>> first;
    auto answer = first.get_future();
    thread_ = std::thread{[this, first = std::move(first)]() mutable { run(first); }};
    return answer.get();
  }

  void handle(std::span<delivery> batch) override {
    if (inbox_.put(batch)) {
      woken_.raise();
    }
  }
  [[nodiscard]] bool queues() const override { return true; }

 private:
  void run(std::promise<std::optional<std::string>>& first) {
    pthread_setname_np(pthread_self(), "subprocess");
    // A child that reads no more is an error code; whoever has the process may not have said so.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    auto problem = slots_.front()->start(clock::now());
    const bool failed = problem.has_value();
    first.set_value(std::move(problem));
    while (!failed && !stopping_.load()) {
      turn();
    }
    if (!failed) {
      stop_children();
    }
  }

  void turn() {
    auto now = clock::now();
    for (auto& d : inbox_.take()) {
      const auto record = d.record();
      held_record held{std::move(d), std::string{record.tenant()}, record_guard(record)};
      queue(std::move(held), now);
    }
    for (auto& slot : slots_) {
      slot->check_time(now);
      start_if_due(*slot, now);
    }
    hand_out(now);
    for (auto& slot : slots_) {
      slot->flush();
    }
    wait();
    now = clock::now();
    for (auto& slot : slots_) {
      slot->serve(now);
    }
  }

  void wait() {
    auto until = clock::now() + longest_sleep;
    polls_.clear();
    polls_.push_back({woken_.descriptor(), POLLIN, 0});
    for (const auto& slot : slots_) {
      slot->add_polls(polls_);
      until = std::min(until, slot->wakes_at());
    }
    const auto rest = std::chrono::ceil<milliseconds>(until - clock::now()).count();
    ::poll(polls_.data(), polls_.size(), static_cast<int>(std::max<std::int64_t>(0, rest)));
    woken_.clear();
  }

  void start_if_due(child_slot& slot, clock::time_point now) {
    if (slot.started() || now < slot.due()) {
      return;
    }
    if (const auto problem = slot.start(now)) {
      log_.error("child_not_started", "a child process of a handler could not be started",
                 {{"command", plan_.command.arguments.front()}, {"why", *problem}});
    }
  }

  void queue(held_record&& held, clock::time_point now) {
    const auto tenant = held.tenant;
    const auto guard = held.guard;
    turns_.push(tenant, guard, std::move(held), now);
  }

  void hand_out(clock::time_point now) {
    send_alone(now);
    while (turns_.queued() > 0) {
      auto* slot = least_busy(alone_.empty() ? nullptr : emptiest());
      if (slot == nullptr) {
        return;
      }
      auto next = turns_.take(now);
      if (!next) {
        return;
      }
      auto held = std::move(next->job);
      if (held.record.cancel().cancelled()) {
        turns_.finished(held.tenant, held.guard, {}, now);
      } else if (suspects_.has(held.guard)) {
        alone_.push_back(std::move(held));
        send_alone(now);
      } else {
        slot->send(std::move(held), now);
      }
    }
  }

  // A suspect gets a child that has nothing else, and that gets nothing else before it answers.
  void send_alone(clock::time_point now) {
    while (!alone_.empty()) {
      auto* slot = emptiest();
      if (slot == nullptr || slot->in_flight() > 0) {
        return;
      }
      auto held = std::move(alone_.front());
      alone_.pop_front();
      if (held.record.cancel().cancelled()) {
        turns_.finished(held.tenant, held.guard, {}, now);
        continue;
      }
      runs_alone_.insert(slot);
      slot->send(std::move(held), now);
    }
  }

  // Those that run a suspect take nothing more until it is back.
  [[nodiscard]] bool is_free(child_slot* slot) {
    if (runs_alone_.contains(slot)) {
      if (slot->in_flight() > 0) {
        return false;
      }
      runs_alone_.erase(slot);
    }
    return slot->has_room();
  }

  [[nodiscard]] child_slot* least_busy(const child_slot* but) {
    child_slot* best = nullptr;
    for (auto& slot : slots_) {
      if (slot.get() != but && is_free(slot.get()) &&
          (best == nullptr || slot->in_flight() < best->in_flight())) {
        best = slot.get();
        if (best->in_flight() == 0) {
          break;
        }
      }
    }
    return best;
  }
  // The child that the next suspect waits for.
  [[nodiscard]] child_slot* emptiest() { return least_busy(nullptr); }

  void part(held_record&& held, parted how) {
    const auto now = clock::now();
    turns_.finished(held.tenant, held.guard, now - held.sent, now);
    switch (how) {
      case parted::answered: suspects_.clear(held.guard); break;
      case parted::timed_out:
      case parted::left_alone: suspects_.add(held.guard); break;
      case parted::put_back: queue(std::move(held), now); break;
    }
  }

  // No more input, which a child takes as its end; after half of the grace it is asked by SIGTERM.
  void stop_children() {
    const auto began = clock::now();
    for (auto& slot : slots_) {
      slot->close_input();
    }
    bool asked = false;
    for (;;) {
      const auto now = clock::now();
      std::size_t left = 0;
      for (auto& slot : slots_) {
        left += slot->gone(now) ? 0U : 1U;
      }
      if (left == 0 || now - began >= grace_) {
        break;
      }
      if (now - began >= grace_ / 2 && !std::exchange(asked, true)) {
        for (auto& slot : slots_) {
          slot->signal(SIGTERM);
        }
      }
      polls_.clear();
      for (const auto& slot : slots_) {
        slot->add_polls(polls_);
      }
      ::poll(polls_.data(), polls_.size(), static_cast<int>(stop_turn.count()));
    }
    slots_.clear(); // kills those that are left
  }

  child_plan plan_;
  milliseconds grace_;
  log_handle log_;
  wakeup woken_;
  delivery_inbox inbox_;
  std::atomic<bool> stopping_{false};

  // Of the thread.
  pool_turns<held_record> turns_;
  child_suspects suspects_;
  std::deque<held_record> alone_; // suspects that wait for a child without work
  std::unordered_set<child_slot*> runs_alone_;
  std::vector<pollfd> polls_;
  std::vector<std::unique_ptr<child_slot>> slots_;

  std::thread thread_;
};

} // namespace

std::variant<any_handler, std::string> make_subprocess_handler(const handler_settings& entry,
                                                               const log_handle& log) {
  const handler_options options{entry};
  child_plan plan;
  plan.command.arguments = options.list("command");
  plan.command.directory = options.text("directory");
  plan.command.environment = child_environment(own_environment());
  plan.in_flight = options.number("in_flight");
  plan.max_line_bytes = options.number("max_line_bytes");
  plan.timeout = entry.timeout;
  plan.restart_initial = options.duration("restart_backoff_ms");
  plan.restart_longest = options.duration("restart_max_backoff_ms");
  const auto refused = [&](const std::string& why) {
    return "handlers: the command of a subprocess handler (\"" +
           (plan.command.arguments.empty() ? std::string{} : plan.command.arguments.front()) +
           "\") cannot be started: " + why;
  };
  if (plan.command.arguments.empty()) {
    return refused("`command` is missing");
  }
  const char* const path = std::getenv("PATH");
  auto found = find_executable(plan.command.arguments.front(),
                               path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin",
                               plan.command.directory);
  if (const auto* none = std::get_if<no_command>(&found)) {
    return refused(none->text);
  }
  plan.command.executable = std::move(std::get<std::string>(found));
  auto handler = std::make_shared<subprocess_handler>(plan, entry.calls_at_once(),
                                                      options.duration("stop_grace_ms"), log);
  if (const auto problem = handler->start()) {
    return refused(*problem);
  }
  return any_handler{std::shared_ptr<async_handler>{std::move(handler)}};
}

} // namespace streamer
