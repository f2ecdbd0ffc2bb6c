#pragma once

#include "messages/handler.hpp"
#include "runtime/handlers/subprocess/child_process.hpp"
#include "runtime/handlers/subprocess/line_protocol.hpp"
#include "runtime/handlers/subprocess/line_splitter.hpp"
#include "runtime/handlers/subprocess/restart_backoff.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/logging/rate_limit.hpp"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer {

/// What all children of a handler are made by.
struct child_plan {
  child_command command;
  std::size_t in_flight = 64; ///< most requests of a child without an answer
  std::size_t max_line_bytes = std::size_t{4} << 20U; ///< of a request or an answer
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds restart_initial{100};
  std::chrono::milliseconds restart_longest{30'000};
};

/// A record that is in the handler's hands.
struct held_record {
  delivery record;
  std::string tenant;
  std::uint64_t guard = 0; ///< as record_guard says
  /// When it was sent, or became the oldest that its child has.
  std::chrono::steady_clock::time_point sent{};
};

/// How a record left a child.
enum class parted {
  answered,   ///< by an answer, or by being refused before it was sent
  timed_out,  ///< its time was up; the child is ended for it
  left_alone, ///< the child ended while it had it
  put_back,   ///< an older one timed out, behind which it may have stood: no attempt
};

/// A place for one child: the process while there is one, its pipes, the records it has, and when
/// the next is started. Used by one thread, which also starts the processes.
class child_slot {
 public:
  using clock = std::chrono::steady_clock;
  /// Gets each record that has left the child; all but those put back have their outcome.
  using release = std::function<void(held_record&&, parted)>;

  child_slot(const child_plan& plan, std::size_t number, log_handle log, release released);

  /// Starts a child; why it could not be, in one line, and then it is tried again later.
  std::optional<std::string> start(clock::time_point now);
  [[nodiscard]] bool running() const { return child_ && !ending_; }
  /// There is a child, even if it is about to end.
  [[nodiscard]] bool started() const { return child_.has_value(); }
  /// When the next child is due. Only while none is running.
  [[nodiscard]] clock::time_point due() const { return due_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  /// Whether it may be sent another record.
  [[nodiscard]] bool has_room() const;

  /// Queues a request; written by `flush`. A record whose line would be too long is rejected.
  void send(held_record&& held, clock::time_point now);
  void flush();
  /// Ends the child if the oldest record that it has has been so for too long.
  void check_time(clock::time_point now);
  /// Whether the child has anything left to say is asked with these; at most four.
  void add_polls(std::vector<pollfd>& to) const;
  /// Reads and writes what can be; finds out whether the child has ended.
  void serve(clock::time_point now);
  /// The earliest time at which something is due without any event.
  [[nodiscard]] clock::time_point wakes_at() const;

  /// The end of the worker: no more input; then by signals.
  void close_input();
  void signal(int number) const;
  /// Reads on, so that it is not held up, and says whether it has gone.
  [[nodiscard]] bool gone(clock::time_point now);
  /// Children that have ended unasked so far.
  [[nodiscard]] std::uint64_t ends() const { return ends_; }

 private:
  bool read_output(clock::time_point now);
  void read_errors(clock::time_point now);
  void take_line(std::string_view line, bool cut, clock::time_point now);
  void take_answer(child_answer&& answer, clock::time_point now);
  void keep_waiting(clock::time_point now);
  void complain(const std::string& problem, clock::time_point now);
  void log_error_line(std::string_view line, bool cut, clock::time_point now);
  void give_up(const std::string& why, const char* error);
  void put_down();
  void note_end(const child_end& end, clock::time_point now);

  const child_plan& plan_;
  std::size_t number_;
  log_handle log_;
  release released_;
  restart_backoff backoff_;
  std::optional<child_process> child_;
  bool ending_ = false; // killed, and not reaped yet
  bool stopping_ = false;
  clock::time_point started_{};
  clock::time_point due_{};
  clock::time_point deaf_since_{}; // its stdout is closed since then
  clock::time_point kept_waiting_{};
  std::map<std::uint64_t, held_record> in_flight_; // by id, which is by time
  std::uint64_t next_id_ = 1;
  std::string to_write_;
  std::size_t written_ = 0;
  line_splitter lines_;
  line_splitter error_lines_;
  every complained_{std::chrono::seconds{1}};
  clock::time_point error_second_{};
  std::uint32_t error_lines_logged_ = 0; // in that second
  std::uint64_t error_lines_dropped_ = 0;
  std::uint64_t ends_ = 0;
};

} // namespace streamer
