#include "runtime/handlers/subprocess/child_slot.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

namespace streamer {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10U;
constexpr std::size_t most_unwritten = std::size_t{256} << 10U;
constexpr int reads_a_turn = 4;
constexpr std::size_t longest_error_line = 2'000;
constexpr std::uint32_t error_lines_a_second = 20;
// Without a descriptor that tells of its end a child is looked at so often.
constexpr std::chrono::milliseconds look_interval{200};
constexpr std::chrono::milliseconds reap_interval{5};
// A child that has closed its stdout is about to end, or can answer nothing any more.
constexpr std::chrono::milliseconds closed_stdout_grace{1'000};
// How often within a timeout the clocks of what stands in line are set back.
constexpr int refreshes_a_timeout = 4;
// What is read of a child that has ended: more than a pipe holds.
constexpr int last_turns = 16;

std::chrono::milliseconds to_ms(std::chrono::steady_clock::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

enum class left_over { maybe, nothing, closed };

// Gives `take` what there is to read, up to a turn's share.
template <class Take>
left_over read_some(const descriptor& from, Take take) {
  std::array<char, read_bytes> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (int i = 0; i < reads_a_turn; ++i) {
    const auto size = ::read(from.get(), bytes.data(), bytes.size());
    if (size > 0) {
      take(std::string_view{bytes.data(), static_cast<std::size_t>(size)});
    } else if (size < 0 && errno == EAGAIN) {
      return left_over::nothing;
    } else if (size == 0 || errno != EINTR) {
      return left_over::closed;
    }
  }
  return left_over::maybe;
}

} // namespace

child_slot::child_slot(const child_plan& plan, std::size_t number, log_handle log, release released)
    : plan_{plan},
      number_{number},
      log_{std::move(log)},
      released_{std::move(released)},
      backoff_{plan.restart_initial, plan.restart_longest},
      lines_{plan.max_line_bytes},
      error_lines_{longest_error_line} {}

std::optional<std::string> child_slot::start(clock::time_point now) {
  auto started = child_process::start(plan_.command);
  if (auto* failure = std::get_if<spawn_failure>(&started)) {
    due_ = now + backoff_.after(std::chrono::milliseconds{0});
    return std::move(failure->text);
  }
  child_.emplace(std::move(std::get<child_process>(started)));
  lines_ = line_splitter{plan_.max_line_bytes};
  error_lines_ = line_splitter{longest_error_line};
  to_write_.clear();
  written_ = 0;
  started_ = now;
  log_.info("child_started", "a child process of a handler has started",
            {{"command", plan_.command.arguments.front()},
             {"child", number_},
             {"pid", static_cast<std::int64_t>(child_->id())}});
  return std::nullopt;
}

bool child_slot::has_room() const {
  return running() && !stopping_ && child_->output() && in_flight_.size() < plan_.in_flight &&
         to_write_.size() - written_ < most_unwritten;
}

void child_slot::send(held_record&& held, clock::time_point now) {
  const auto begun = to_write_.size();
  const auto id = next_id_++;
  append_request(to_write_, id, held.record.record());
  held.sent = now;
  held.record.begins();
  if (const auto size = to_write_.size() - begun - 1; size > plan_.max_line_bytes) {
    to_write_.resize(begun);
    held.record.complete(outcome::reject("its request has " + std::to_string(size) +
                                         " bytes, more than max_line_bytes (" +
                                         std::to_string(plan_.max_line_bytes) + ")"));
    released_(std::move(held), parted::answered);
    return;
  }
  in_flight_.emplace_hint(in_flight_.end(), id, std::move(held));
}

void child_slot::flush() {
  while (running() && child_->input() && written_ < to_write_.size()) {
    const auto size =
        ::write(child_->input().get(), to_write_.data() + written_, to_write_.size() - written_);
    if (size < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno != EAGAIN) {
        child_->close_input(); // it reads no more; how it ends tells the rest
      }
      break;
    }
    written_ += static_cast<std::size_t>(size);
  }
  if (written_ == to_write_.size()) {
    to_write_.clear();
    written_ = 0;
  } else if (written_ > most_unwritten) {
    to_write_.erase(0, written_);
    written_ = 0;
  }
}

void child_slot::check_time(clock::time_point now) {
  if (running() && !child_->output() && now - deaf_since_ >= closed_stdout_grace) {
    complain("it has closed its stdout", now);
    give_up("the child process closed its stdout while it had the record", "child_ended");
    put_down();
  }
  if (!running() || in_flight_.empty()) {
    return;
  }
  keep_waiting(now);
  if (now - in_flight_.begin()->second.sent < plan_.timeout) {
    return;
  }
  auto late = std::move(in_flight_.extract(in_flight_.begin()).mapped());
  if (!late.record.cancel().cancelled()) {
    late.record.complete(
        {outcome_kind::retry,
         failure_class::timeout,
         "the child process did not answer within " + std::to_string(plan_.timeout.count()) + " ms",
         {}});
  }
  released_(std::move(late), parted::timed_out);
  log_.warn("child_silent", "a child process did not answer in time and is ended",
            {{"command", plan_.command.arguments.front()},
             {"child", number_},
             {"pid", static_cast<std::int64_t>(child_->id())},
             {"in_flight", in_flight_.size()}});
  put_down();
  // They may only have stood in line behind it.
  for (auto& [id, held] : std::exchange(in_flight_, {})) {
    held.record.waits();
    released_(std::move(held), parted::put_back);
  }
}

// Only the oldest record's time runs: a child may take one after the other, and what stands in line
// has not been begun. It is with the child all the same, so its clock is set back, not stopped.
void child_slot::keep_waiting(clock::time_point now) {
  if (now - kept_waiting_ < plan_.timeout / refreshes_a_timeout) {
    return;
  }
  kept_waiting_ = now;
  for (auto at = std::next(in_flight_.begin()); at != in_flight_.end(); ++at) {
    at->second.record.begins();
  }
}

void child_slot::add_polls(std::vector<pollfd>& to) const {
  if (!child_) {
    return;
  }
  if (child_->watch()) {
    to.push_back({child_->watch().get(), POLLIN, 0});
  }
  if (child_->output()) {
    to.push_back({child_->output().get(), POLLIN, 0});
  }
  if (child_->errors()) {
    to.push_back({child_->errors().get(), POLLIN, 0});
  }
  if (child_->input() && written_ < to_write_.size()) {
    to.push_back({child_->input().get(), POLLOUT, 0});
  }
}

void child_slot::serve(clock::time_point now) {
  if (!child_) {
    return;
  }
  // Asked before the last read: what it wrote before it ended is all there then.
  const auto end = child_->ended();
  read_output(now);
  read_errors(now);
  flush();
  if (end) {
    for (int i = 0; i < last_turns && read_output(now); ++i) {
    }
    note_end(*end, now);
  }
}

// Whether there may be more to read at once.
bool child_slot::read_output(clock::time_point now) {
  if (!child_->output()) {
    return false;
  }
  const auto left = read_some(child_->output(), [&](std::string_view bytes) {
    lines_.feed(bytes, [&](std::string_view line, bool cut) { take_line(line, cut, now); });
  });
  if (left == left_over::closed && child_->output()) {
    child_->close_output();
    deaf_since_ = now;
  }
  return left == left_over::maybe && child_->output();
}

void child_slot::take_line(std::string_view line, bool cut, clock::time_point now) {
  if (!running()) {
    return; // what was on its way when it was put down
  }
  if (cut) {
    complain("a line on stdout is longer than max_line_bytes", now);
    give_up("the child process wrote a line of more than " + std::to_string(plan_.max_line_bytes) +
                " bytes while it had the record",
            "child_line_too_long");
    put_down();
    return;
  }
  auto read = read_answer(line);
  if (auto* answer = std::get_if<child_answer>(&read)) {
    take_answer(std::move(*answer), now);
    return;
  }
  const auto& bad = std::get<bad_answer>(read);
  complain("a line on stdout is no answer: " + bad.problem, now);
  if (bad.id) {
    child_answer answer;
    answer.id = *bad.id;
    answer.result = {outcome_kind::retry, failure_class::handler,
                     "the child process gave a bad answer: " + bad.problem, "child_bad_answer"};
    take_answer(std::move(answer), now);
  }
}

void child_slot::take_answer(child_answer&& answer, clock::time_point now) {
  const auto found = in_flight_.find(answer.id);
  if (found == in_flight_.end()) {
    complain("an answer has an id that no record waits with", now);
    return;
  }
  const bool was_oldest = found == in_flight_.begin();
  auto held = std::move(found->second);
  in_flight_.erase(found);
  if (was_oldest && !in_flight_.empty()) {
    auto& next = in_flight_.begin()->second;
    next.sent = now;
    next.record.begins();
  }
  for (auto& e : answer.events) {
    if (const auto key = held.record.record().key(); e.key_of_record && !key.is_null()) {
      e.event.key = std::string{key.view()};
    }
    held.record.emit(std::move(e.event));
  }
  held.record.complete(std::move(answer.result));
  released_(std::move(held), parted::answered);
}

void child_slot::read_errors(clock::time_point now) {
  if (!child_->errors()) {
    return;
  }
  const auto left = read_some(child_->errors(), [&](std::string_view bytes) {
    error_lines_.feed(bytes,
                      [&](std::string_view line, bool cut) { log_error_line(line, cut, now); });
  });
  if (left == left_over::closed) {
    if (!error_lines_.rest().empty()) {
      log_error_line(error_lines_.rest(), false, now);
    }
    child_->close_errors();
  }
}

void child_slot::log_error_line(std::string_view line, bool cut, clock::time_point now) {
  if (now - error_second_ >= std::chrono::seconds{1}) {
    error_second_ = now;
    error_lines_logged_ = 0;
  }
  if (error_lines_logged_ >= error_lines_a_second) {
    ++error_lines_dropped_;
    return;
  }
  ++error_lines_logged_;
  log_.info("child_stderr", line,
            {{"command", plan_.command.arguments.front()},
             {"child", number_},
             {"cut", cut},
             {"dropped_before", std::exchange(error_lines_dropped_, 0)}});
}

void child_slot::complain(const std::string& problem, clock::time_point now) {
  if (const auto suppressed = complained_.pass(now)) {
    log_.warn("child_protocol", "a child process breaks the line protocol",
              {{"command", plan_.command.arguments.front()},
               {"child", number_},
               {"problem", problem},
               {"suppressed", *suppressed}});
  }
}

// Fails all that the child has.
void child_slot::give_up(const std::string& why, const char* error) {
  for (auto& [id, held] : std::exchange(in_flight_, {})) {
    held.record.complete({outcome_kind::retry, failure_class::handler, why, error});
    released_(std::move(held), parted::left_alone);
  }
}

// Kills the child; `serve` finds it ended.
void child_slot::put_down() {
  ending_ = true;
  child_->signal(SIGKILL);
  child_->close_input();
  child_->close_output();
  to_write_.clear();
  written_ = 0;
}

void child_slot::note_end(const child_end& end, clock::time_point now) {
  const auto lost = in_flight_.size();
  const auto how = end.signal != 0 ? "by signal " + std::to_string(end.signal)
                                   : "with exit code " + std::to_string(end.exit_code);
  give_up("the child process ended " + how + " while it had the record", "child_ended");
  const auto lived = to_ms(now - started_);
  const auto pause = backoff_.after(lived);
  due_ = now + pause;
  if (!stopping_) {
    ++ends_;
    log_.warn("child_ended", "a child process of a handler has ended and is started anew",
              {{"command", plan_.command.arguments.front()},
               {"child", number_},
               {"pid", static_cast<std::int64_t>(child_->id())},
               {"exit_code", end.exit_code},
               {"signal", end.signal},
               {"in_flight", lost},
               {"lived_ms", lived.count()},
               {"restart_in_ms", pause.count()}});
  }
  child_.reset();
  ending_ = false;
}

child_slot::clock::time_point child_slot::wakes_at() const {
  if (!child_) {
    return due_;
  }
  auto at = clock::time_point::max();
  if (running() && !in_flight_.empty()) {
    at = in_flight_.begin()->second.sent + plan_.timeout;
    if (in_flight_.size() > 1) {
      at = std::min(at, kept_waiting_ + plan_.timeout / refreshes_a_timeout);
    }
  }
  if (running() && !child_->output()) {
    at = std::min(at, deaf_since_ + closed_stdout_grace);
  }
  if (ending_ || !child_->watch()) {
    at = std::min(at, clock::now() + (ending_ ? reap_interval : look_interval));
  }
  return at;
}

void child_slot::close_input() {
  stopping_ = true;
  if (child_) {
    child_->close_input();
  }
}

void child_slot::signal(int number) const {
  if (child_) {
    child_->signal(number);
  }
}

bool child_slot::gone(clock::time_point now) {
  serve(now);
  return !child_;
}

} // namespace streamer
