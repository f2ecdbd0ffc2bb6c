// A child process that never outlives its test.
#pragma once

#include "tests/support/common.hpp"

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamer::test {

/// How a process ended.
struct exit_status {
  int code = -1;                ///< exit code; -1 if a signal ended it
  int signal = 0;               ///< the signal that ended it; 0 if none
  bool core_dumped = false;     ///< the kernel wrote its memory to a file
  std::size_t peak_rss_kib = 0; ///< as wait4 reports it: not below the test's own at the start
};

/// What to run and where its output goes.
struct process_options {
  std::filesystem::path binary;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment; ///< added to the test's own
  std::filesystem::path directory;                ///< working directory; empty: the test's own
  std::filesystem::path output;                   ///< stdout and stderr: `output`.out and .err
  std::string input;                              ///< given on stdin
};

/// One running program. Killed and reaped by the destructor, and by the kernel if the thread that
/// started it ends first: start processes on the test's main thread.
class process {
 public:
  explicit process(process_options options);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] bool running();
  /// Sends a signal if the process still runs.
  void signal(int number);
  /// Waits for the end; absent when it still runs after `timeout`.
  [[nodiscard]] std::optional<exit_status> wait(milliseconds timeout);
  /// SIGKILL and reap.
  void kill();

  /// The highest resident size so far in KiB (VmHWM); the last value read once it has ended.
  [[nodiscard]] std::size_t peak_rss_kib();

  [[nodiscard]] std::string stdout_text() const { return read_file(out_path()); }
  [[nodiscard]] std::string stderr_text() const { return read_file(err_path()); }
  [[nodiscard]] std::filesystem::path out_path() const;
  [[nodiscard]] std::filesystem::path err_path() const;

 private:
  bool reap(int flags);

  process_options options_;
  pid_t id_ = -1;
  std::optional<exit_status> ended_;
  std::size_t peak_rss_kib_ = 0;
};

/// Runs a program to its end. Fails the test when it takes longer than `timeout`.
struct finished_process {
  exit_status status;
  std::string out;
  std::string err;
};
[[nodiscard]] finished_process run(process_options options, milliseconds timeout);

} // namespace streamer::test
