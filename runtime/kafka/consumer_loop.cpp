#include "runtime/kafka/consumer_loop.hpp"

#include <array>
#include <utility>

namespace streamer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a turn may sleep. The member has to be served more often than max.poll.interval (10 s
// at the least), timers want 100 ms.
constexpr milliseconds longest_sleep{100};
// While records keep coming nothing waits, so the rest is looked after by the clock.
constexpr milliseconds service_interval{5};
constexpr milliseconds timer_interval{50};
constexpr seconds ends_interval{1};
constexpr seconds lows_interval{20}; // and what has become of the topics
constexpr seconds leave_commit_budget{5};

enum flag_bit : unsigned { commands_bit = 1, member_bit = 2, replies_bit = 4, records_bit = 8 };

} // namespace

consumer_loop::consumer_loop(const settings& config, source_events& events, credit_pool& credit,
                             log_handle log)
    : settings_{config.consumer},
      credentials_{config, log},
      events_{events},
      credit_{credit},
      log_{std::move(log)},
      inbox_{std::make_shared<inbox<command>>()},
      pace_{credit.limits()} {}

consumer_loop::~consumer_loop() {
  abandon_.store(true);
  inbox_->poke();
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::string consumer_loop::open() {
  if (auto failure = make_clients(); !failure.empty()) {
    return failure;
  }
  member_ = std::move(next_member_);
  fetcher_ = std::move(next_fetcher_);
  credit_.on_available([woken = inbox_] { woken->poke(); });
  return {};
}

void consumer_loop::run() {
  thread_ = std::thread{[this] { thread_main(); }};
}

void consumer_loop::thread_main() {
  if (auto failure = subscribe(); !failure.empty()) {
    fail(1, std::move(failure));
  }
  auto now = clock::now();
  while (!abandon_.load(std::memory_order_relaxed) && !may_leave(now)) {
    turn(now);
    if (!hungry_) {
      wait(now);
    }
    now = clock::now();
  }
  const bool told = leave_by_.has_value();
  drop([this] {
    std::vector<assignment_epoch> all;
    for (const auto& [epoch, owned] : routes_.all()) {
      all.push_back(epoch);
    }
    return all;
  }());
  member_->close(clock::now() + leave_budget);
  count_out_clients();
  member_.reset();
  fetcher_.reset();
  next_member_.reset();
  next_fetcher_.reset();
  publish();
  if (told) {
    events_.on_left();
  }
}

void consumer_loop::turn(time_point now) {
  last_turn_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  run_commands();
  if ((raised_ & (member_bit | replies_bit)) != 0 || now - served_at_ >= service_interval) {
    served_at_ = now;
    raised_ = 0;
    member_->serve();
    for (const auto& reply : fetcher_->take_replies()) {
      note_offsets(reply);
    }
    note_topics(fetcher_->take_topics(), now);
    check_fatal();
    advance_restarts();
    advance_offset_requests(now);
    advance_revocation(now);
    advance_renewal();
  }
  advance_commits(now);
  if (now - timers_at_ >= timer_interval) {
    timers_at_ = now;
    advance_timers(now);
  }
  hungry_ = read();
}

void consumer_loop::run_commands() {
  inbox_->take(commands_);
  for (const auto& run : commands_) {
    run(*this);
  }
}

void consumer_loop::wait(time_point now) {
  const std::array<const wakeup*, 4> flags{&inbox_->flag(), &member_->flag(),
                                           &fetcher_->replies_flag(), &fetcher_->lanes().flag()};
  auto sleep = longest_sleep;
  if (nudge_at_) {
    sleep = std::min(sleep, std::chrono::ceil<milliseconds>(*nudge_at_ - now));
  }
  if (const auto next = fetcher_->lanes().next_look(); next && intake_) {
    sleep = std::min(sleep, *next);
  }
  raised_ = wait_for_any(std::span{flags}.first(intake_ ? 4 : 3), sleep);
}

void consumer_loop::advance_timers(time_point now) {
  look_at_credentials(now);
  advance_rereads(now);
  if (nudge_at_ && now >= *nudge_at_) {
    nudge_at_.reset();
    ask_ends(now);
  }
  if (now - ends_asked_at_ >= ends_interval) {
    fetcher_->lanes().forward_all();
    ask_ends(now);
    const auto [id, joined] = member_->membership();
    draft_.member_id = id;
    draft_.joined = joined;
  }
  // Also without partitions: they may have gone with their topic.
  if (now - lows_asked_at_ >= lows_interval && (routes_.size() > 0 || !topics_.empty())) {
    lows_asked_at_ = now;
    std::vector<topic_partition> partitions;
    for (const auto& [epoch, owned] : routes_.all()) {
      partitions.push_back(owned->tp);
    }
    fetcher_->ask_offsets(log_end::low, partitions);
    ask_topics();
  }
  publish();
}

void consumer_loop::ask_ends(time_point now) {
  ends_asked_at_ = now;
  std::vector<topic_partition> partitions;
  for (const auto& [epoch, owned] : routes_.all()) {
    partitions.push_back(owned->tp);
  }
  if (partitions.empty()) {
    fetcher_->ask_brokers();
  } else {
    fetcher_->ask_offsets(log_end::high, partitions);
  }
}

void consumer_loop::leave() {
  intake_ = false;
  if (!leave_by_) {
    leave_by_ = clock::now() + leave_commit_budget;
  }
}

bool consumer_loop::may_leave(time_point now) const {
  return leave_by_ && (book_.settled() || now >= *leave_by_);
}

// Where nothing has been read yet, it is where reading begins: a partition whose first fetch brings
// nothing has lag, too. Negative while the log's range is not known.
std::int64_t consumer_loop::next_offset_of(const route& of) const {
  if (of.order.next() >= 0) {
    return of.order.next();
  }
  if (of.committed.offset) {
    return of.committed.offset->value();
  }
  return settings_.auto_offset_reset == offset_reset_kind::earliest ? of.low : of.end;
}

void consumer_loop::publish() {
  auto next = draft_;
  if (member_ != nullptr) {
    next.connected = fetcher_->health().connected();
    next.authenticated = member_->authenticated() && fetcher_->health().authenticated();
    next.auth_failures += member_->auth_failures() + fetcher_->health().auth_failures();
    next.broker_errors += member_->broker_errors() + fetcher_->health().broker_errors();
  }
  next.fetch_lanes = fetcher_ == nullptr ? 0 : fetcher_->lanes().open();
  next.joined = next.joined && member_ != nullptr;
  next.fatal = failed_;
  next.idle_member = next.joined && routes_.size() == 0 && unlocated_.empty() &&
                     offset_requests_.empty() && !member_->revoking();
  for (const auto& [epoch, owned] : routes_.all()) {
    const auto pause = stopped_.find(owned->tp);
    next.partitions.push_back(
        {owned->tp, epoch, owned->low, owned->end, next_offset_of(*owned), owned->started,
         owned->paused, owned->leaving,
         pause == stopped_.end() ? std::nullopt : std::optional{pause->second}, owned->moving});
  }
  const std::lock_guard lock{status_mutex_};
  published_ = std::move(next);
}

consumer_status consumer_loop::status() const {
  auto result = [this] {
    const std::lock_guard lock{status_mutex_};
    return published_;
  }();
  result.last_poll_ns = last_turn_ns_.load(std::memory_order_relaxed);
  result.records = records_.load(std::memory_order_relaxed);
  result.bytes = bytes_.load(std::memory_order_relaxed);
  return result;
}

} // namespace streamer
